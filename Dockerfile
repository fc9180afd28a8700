# The packages are built in one stage and only copied into the other: pip is all that needs more.
FROM python:3.11-slim-bookworm AS packages
WORKDIR /opt/opium
COPY requirements.txt .
RUN python -m venv .venv \
 && .venv/bin/python -m pip install --no-cache-dir --no-input --disable-pip-version-check \
      -r requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --user-group --uid 10001 --home-dir /opt/opium --no-create-home \
      --shell /usr/sbin/nologin opium
WORKDIR /opt/opium
COPY --from=packages /opt/opium/.venv .venv
COPY app.py LICENSE NOTICE ./
COPY opium opium
COPY sandbox sandbox
RUN .venv/bin/python -m compileall -q app.py opium sandbox \
 && install -d -o opium -g opium -m 700 instance
USER 10001:10001
ENV OPIUM_HOST=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME /opt/opium/instance
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD [".venv/bin/python", "-c", "import urllib.request as ask; ask.build_opener(ask.ProxyHandler({})).open('http://127.0.0.1:8000/api/health', timeout=4)"]
STOPSIGNAL SIGTERM
CMD [".venv/bin/python", "app.py"]
