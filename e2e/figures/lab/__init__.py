"""An API server with its etcd, a PostgreSQL, an operator and a dataplane as plain processes of this machine, and nothing else of
a cluster: enough for figures of the operator, and seconds to start. Everything listens on loopback and goes with its folder."""
