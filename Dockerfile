# Operator Monitor. What happens here is in deploy/package, which also installs it without containers and is tested so.

FROM python:3.13.14-slim-trixie AS build
WORKDIR /source
COPY . .
RUN deploy/package/build /dist
RUN deploy/package/install /dist /opt/operator-monitor

FROM python:3.13.14-slim-trixie
LABEL org.opencontainers.image.title="Operator Monitor" \
      org.opencontainers.image.description="Real-time monitor for call-centre operators" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/operator-monitor /opt/operator-monitor
RUN install -d -o 10001 -g 10001 -m 0700 /data
ENV PATH=/opt/operator-monitor/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
ENTRYPOINT ["operator-monitor"]
CMD ["run", "--config", "/etc/operator-monitor/monitor.yaml"]
