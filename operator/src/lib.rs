//! The operator: what stands in the cluster's resources comes to stand in the directory, and what the dataplane does with
//! it comes to stand in their status. It serves no mail and reads none.
