#!/bin/sh
# Debian calls this with "remove" or "upgrade", RPM with the number of versions that remain.
set -e
case "$1" in
remove | 0)
    if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
        systemctl --no-reload disable --now nova-go-api.socket nova-go-api.service nova-go-metadata.socket nova-go-metadata.service || true
    fi
    ;;
esac
