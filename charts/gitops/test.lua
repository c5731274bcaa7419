-- Runs health.lua as Argo CD does: a chunk that finds `obj` and returns its health.  lua charts/gitops/test.lua
local here = arg[0]:match("^(.*)/") or "."
local source = assert(io.open(here .. "/health.lua")):read("a")

local function condition(kind, status, message)
  return { type = kind, status = status, message = message or kind }
end

local function health(conditions, observed)
  local object = { metadata = { generation = 3 } }
  if conditions then
    object.status = { conditions = conditions, observedGeneration = observed or 3 }
  end
  return assert(load(source, "health.lua", "t", { obj = object, ipairs = ipairs }))()
end

local cases = {
  { "no status yet is no health", "Progressing", nil },
  { "unknown is on its way", "Progressing", { condition("Ready", "Unknown"), condition("Stalled", "Unknown") } },
  { "not ready alone is on its way", "Progressing", { condition("Ready", "False"), condition("Reconciling", "True") } },
  { "stalled is degraded, whatever else", "Degraded", { condition("Ready", "False"), condition("Stalled", "True") } },
  { "ready is healthy", "Healthy", { condition("Ready", "True"), condition("Stalled", "False") } },
  { "DNS of a tenant turns no app red", "Healthy", { condition("Ready", "True"), condition("DNSReady", "False") } },
  { "a suspended box is suspended", "Suspended", { condition("Ready", "True"), condition("Suspended", "True") } },
}
for _, case in ipairs(cases) do
  local got = health(case[3])
  assert(got.status == case[2], case[1] .. ": " .. got.status)
end
assert(health({ condition("Ready", "True") }, 2).status == "Progressing", "an old status tells nothing of a new spec")
assert(health({ condition("Ready", "False"), condition("Stalled", "True", "do this") }).message == "do this", "the message says what to do")
print("health.lua: " .. #cases + 2 .. " cases hold")
