"""The WSGI entry for other servers: `application` of the installation in ECLAIMS_INSTANCE."""

from app.cli.serving import application as create

application = create()
