#!/bin/sh
# Creates the user and the directories, where systemd is installed; elsewhere the administrator does.
# DPKG_ROOT is the directory of an installation into another root.
set -e
root=${DPKG_ROOT:-/}
if command -v systemd-sysusers >/dev/null; then systemd-sysusers --root="$root" nova-go.conf; fi
if command -v systemd-tmpfiles >/dev/null && ! systemd-tmpfiles --root="$root" --create nova-go.conf; then
    echo "nova-go: this systemd is too old for nova-go.conf: /var/lib/nova and /var/log/nova must exist" >&2
fi
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
