# The program, certificates of authorities, and nothing else: no shell, no root. `make image` puts
# into bin/image what is copied here. For people:
#
#   make image && docker build -t bynder -f Dockerfile bin/image
#   docker run --rm -v "$PWD:/data" -e BYNDER_DOMAIN -e BYNDER_PERMANENT_TOKEN bynder download ID
#
# Files belong to user 65532; with --user "$(id -u):$(id -g)" they are yours.
FROM scratch
LABEL org.opencontainers.image.title="bynder" \
      org.opencontainers.image.source="https://github.com/bynder-cli/bynder" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY root /
COPY --chown=65532:65532 home /home/bynder
COPY --chown=65532:65532 home /data
ENV HOME=/home/bynder PATH=/usr/bin
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["/usr/bin/bynder"]
