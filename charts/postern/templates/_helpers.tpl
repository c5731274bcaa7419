{{/* Names and labels, and what several templates say alike. */}}

{{- define "postern.operator" -}}
{{ printf "%s-operator" .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Cluster-wide names carry the namespace, so that two releases do not meet. */}}
{{- define "postern.global" -}}
{{ printf "%s-%s" .Release.Namespace .Release.Name }}
{{- end }}

{{- define "postern.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "postern.image" -}}
{{ .root.Values.image.prefix }}{{ .name }}:{{ include "postern.tag" .root }}
{{- end }}

{{- define "postern.labels" -}}
app.kubernetes.io/name: postern
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ include "postern.tag" . | quote }}
app.kubernetes.io/part-of: postern
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "postern.operatorSelector" -}}
app.kubernetes.io/name: postern
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "postern.database" -}}
{{- if .Values.postgres.enabled }}
{{- if .Values.database.secretRef.name }}{{ fail "postgres.enabled and database.secretRef.name exclude each other: choose one database" }}{{ end -}}
name: {{ .Release.Name }}-postgres
key: uri
{{- else -}}
name: {{ required "no database: set database.secretRef.name to a Secret with its URI, or postgres.enabled=true for a trial" .Values.database.secretRef.name }}
key: {{ .Values.database.secretRef.key }}
{{- end }}
{{- end }}

{{- define "postern.pullPolicy" -}}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end }}

{{- define "postern.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Pod Security "restricted". */}}
{{- define "postern.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "postern.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Brings the schema up: the dataplane's own binary, so that schema and binary are of one version. */}}
{{- define "postern.schemaContainer" -}}
- name: schema
  image: {{ include "postern.image" (dict "root" . "name" "postern") }}
  {{- include "postern.pullPolicy" . | nindent 2 }}
  args: [migrate]
  env:
    - name: POSTERN_DATABASE
      valueFrom:
        secretKeyRef: {{- include "postern.database" . | nindent 10 }}
    - {name: POSTERN_STORE_WAIT, value: {{ printf "%ds" (int .Values.schema.timeout) }}}
  securityContext: {{- include "postern.containerSecurity" . | nindent 4 }}
  resources:
    requests: {cpu: 50m, memory: 64Mi}
{{- end }}
