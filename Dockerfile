# The packages and the collected static files.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary=:all: -r requirements.lock
COPY manage.py ./
COPY templates templates
COPY patients patients
COPY dosing dosing
COPY tdm tdm
ENV STATIC_COLLECTED=1
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgresql:///build CELERY_BROKER_URL=redis://build \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && /venv/bin/python -m compileall -q patients dosing tdm

# What runs: no compiler, no embedded servers, no root.
FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home troughline
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 STATIC_COLLECTED=1 PORT=8000
USER troughline
EXPOSE 8000
CMD ["gunicorn", "tdm.wsgi"]
