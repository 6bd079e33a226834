"""Pictures of the dashboards for the documentation, drawn from the results of their queries."""
