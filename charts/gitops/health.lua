-- Health of Postern's resources for Argo CD: goes into argocd-cm as resource.customizations.health.postern.dev_<Kind>, the
-- same text for every kind. It reads what kstatus reads: Ready, Reconciling, Stalled, and only if they speak of this generation.
local health = { status = "Progressing", message = "waiting for the operator" }
local status = obj.status
if status == nil or status.conditions == nil then
  return health
end
if status.observedGeneration ~= nil and obj.metadata.generation ~= nil and status.observedGeneration < obj.metadata.generation then
  health.message = "waiting for the operator to see the change"
  return health
end
local by = {}
for _, condition in ipairs(status.conditions) do
  by[condition.type] = condition
end
local function holds(kind)
  return by[kind] ~= nil and by[kind].status == "True"
end
if holds("Stalled") then
  health.status = "Degraded"
  health.message = by.Stalled.message
elseif holds("Ready") then
  health.status = "Healthy"
  health.message = by.Ready.message
elseif by.Ready ~= nil then
  health.message = by.Ready.message
end
if holds("Suspended") and health.status == "Healthy" then
  health.status = "Suspended"
end
return health
