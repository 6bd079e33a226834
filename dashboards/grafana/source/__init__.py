"""The Grafana dashboards as code: `python -m dashboards.grafana.source` writes them, `--check` compares."""
