#!/usr/bin/env bash
# Puts Opium on this machine as a service, or brings it up to date: docs/install.md.
#
#   /opt/opium/releases/…   code and packages of each version, owned by root
#   /opt/opium/current      the version that runs; `previous` is the way back
#   /opt/opium/instance     the data, owned by the service; /opt/opium/.env, its settings
set -euo pipefail
umask 022

BASE=/opt/opium
RELEASES=$BASE/releases
INSTANCE=$BASE/instance
UNIT=/etc/systemd/system/opium.service
DROP_IN=$UNIT.d/data-key.conf
KEY=/etc/opium/data.key
KEPT_COLD=$INSTANCE/before-update
CODE=(app.py opium sandbox deploy docs requirements.txt opium.service install.sh
  LICENSE NOTICE README.md CHANGELOG.md)

usage() {
  cat <<'TEXT'
Usage: sudo ./install.sh [OPTIONS]

Installs Opium in /opt/opium as the service `opium`, or updates it; data and settings stay.

  --password-file FILE    first admin password, instead of asking for it
  --data-key-credential   keep the data key in /etc/opium, outside of the data folder
  --wait SECONDS          how long a new version may take to get ready (default 120)
  --back                  return to the version before the last update
  --uninstall             remove service and code; data and settings stay
  --help                  show this
TEXT
}

main() {
  local action=install
  PASSWORD_FILE=${OPIUM_ADMIN_PASSWORD_FILE:-} KEY_OUTSIDE=no WAIT=120
  while (($#)); do
    case $1 in
      --password-file | --wait)
        (($# > 1)) || fail "$1 needs a value; see --help."
        if [[ $1 == --wait ]]; then WAIT=$2; else PASSWORD_FILE=$2; fi
        shift
        ;;
      --data-key-credential) KEY_OUTSIDE=yes ;;
      --back | --uninstall) action=${1#--} ;;
      --help) usage && return ;;
      *) fail "There is no option $1; see --help." ;;
    esac
    shift
  done
  [[ $WAIT =~ ^[0-9]+$ ]] || fail "--wait needs a number of seconds."
  check_root_and_systemd
  case $action in
    back) go_back_by_hand ;;
    uninstall) uninstall ;;
    install) if [[ -L $BASE/current ]]; then update; else install_anew; fi ;;
  esac
}

install_anew() {
  [[ ! -e $BASE/app.py || -L $BASE/app.py ]] ||
    fail "$BASE holds an installation made by hand: move it away (docs/install.md says how)."
  check_password_can_be_set
  check_room
  need_python
  make_user
  build_release
  make_data_folder
  keep_key_outside
  switch_to "$NEW"
  set_password
  start_service
  until_ready || fail "Opium does not get ready: $(why)"
  say_what_next
}

update() {
  check_room
  need_python
  build_release
  keep_key_outside
  OLD=$(readlink "$BASE/current")
  back_up "$OLD"
  local began=$SECONDS
  FORMER_SCHEMA=$(schema "$OLD")
  UNDER_WAY=yes
  trap give_up EXIT
  step "Stopping Opium"
  systemctl stop opium
  keep_cold_copy
  switch_to "$NEW"
  start_service
  until_ready || exit 1
  UNDER_WAY=no
  step "Ready again after $((SECONDS - began)) s"
  rm -rf "$KEPT_COLD"
  ln -sfn "$OLD" "$BASE/previous"
  remove_old_releases
  step "Updated: $(basename "$OLD") → $(basename "$NEW"). The way back: sudo ./install.sh --back"
}

# The new version did not get ready, or something failed on the way to it.
# shellcheck disable=SC2317,SC2329 # called by the trap
give_up() {
  [[ ${UNDER_WAY:-no} == yes ]] || return 0
  UNDER_WAY=no
  trap - EXIT
  set +e
  step "The new version does not get ready: $(why)"
  step "Going back to $(basename "$OLD")"
  ((WAIT > 120)) || WAIT=120
  systemctl stop opium
  switch_to "$OLD"
  if [[ -d $KEPT_COLD && $(schema "$OLD") != "$FORMER_SCHEMA" ]]; then
    step "Putting back the database of before the update, since its tables were changed"
    local aside
    aside=$INSTANCE/set-aside/$(basename "$NEW")
    install -d -o opium -g opium -m 700 "$INSTANCE/set-aside" "$aside"
    if ! { mv "$INSTANCE"/opium.db* "$aside"/ && mv "$KEPT_COLD"/opium.db* "$INSTANCE"/; }; then
      fail "It could not be put back: move $KEPT_COLD/opium.db to $INSTANCE yourself."
    fi
  fi
  rm -rf "$KEPT_COLD"
  start_service
  until_ready || fail "The old version does not get ready either: $(why)"
  rm -rf "$NEW"
  fail "The update failed; the version from before it runs again."
}

go_back_by_hand() {
  [[ -L $BASE/previous && -d $BASE/previous ]] || fail "There is no earlier version to return to."
  OLD=$(readlink "$BASE/previous")
  local left copy
  left=$(readlink "$BASE/current")
  copy=
  if [[ $(schema "$left") != "$(cat "$OLD/.schema")" ]]; then
    copy=$(cat "$OLD/.backup")
    [[ -e $copy ]] || fail "The tables were changed since, and the backup $copy is gone."
  fi
  step "Stopping Opium"
  systemctl stop opium
  switch_to "$OLD"
  if [[ -n $copy ]]; then
    step "The newer version changed the tables, so the database of before it comes back"
    as_opium "$OLD" app.py restore "$copy"
  fi
  rm -f "$BASE/previous"
  start_service
  until_ready || fail "$(basename "$OLD") does not get ready: $(why)"
  rm -rf "$left"
  step "Opium runs as $(basename "$OLD") again."
}

uninstall() {
  step "Stopping and removing the service"
  systemctl disable --now opium 2>/dev/null || true
  rm -rf "$UNIT" "$DROP_IN"
  rmdir "$UNIT.d" 2>/dev/null || true
  systemctl daemon-reload
  rm -rf "$RELEASES"
  rm -f "$BASE"/{current,previous,app.py,.venv,docs}
  step "Removed. Data and settings stay in $INSTANCE and $BASE/.env, the user opium owns them."
  [[ ! -e $KEY ]] || step "The data key stays in $KEY."
}

# --- steps -------------------------------------------------------------------------------------

check_root_and_systemd() {
  ((EUID == 0)) || fail "Run it as root: sudo ./install.sh"
  local version
  version=$(systemctl --version 2>/dev/null | awk 'NR == 1 { print int($2) }') || true
  ((${version:-0} >= 250)) || fail "Opium needs systemd 250 or newer (Debian 12, Ubuntu 24.04)."
}

check_room() {
  local disk memory
  mkdir -p "$BASE"
  disk=$(df --output=avail -m "$BASE" | tail -1)
  memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
  ((disk >= 500)) || fail "$BASE needs 500 MiB of free disk space, there are ${disk// /}."
  ((disk >= 2000)) || step "Note: ${disk// /} MiB of disk are free; 2000 are recommended."
  ((memory >= 700)) || step "Note: the machine has $memory MiB of memory; 1000 are recommended."
}

need_python() {
  find_python && return 0
  step "Installing Python"
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get update -qq || fail "Python could not be installed; apt's reason is above."
  quietly apt-get install -qq -y python3 python3-venv ||
    fail "Python could not be installed; apt's reason is above."
  find_python || fail "Opium needs Python 3.11 or newer with venv (Debian 12, Ubuntu 24.04)."
}

find_python() {
  for PYTHON in python3 python3.13 python3.12 python3.11; do
    "$PYTHON" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
      2>/dev/null && return 0
  done
  return 1
}

make_user() {
  id opium >/dev/null 2>&1 && return 0
  step "Making the user opium"
  useradd --system --user-group --home-dir "$BASE" --no-create-home \
    --shell /usr/sbin/nologin opium
}

build_release() {
  local source
  source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
  [[ -f $source/app.py && -d $source/opium ]] || fail "$source holds no Opium."
  NEW=$RELEASES/$(date -u +%Y-%m-%d-%H%M%S)
  [[ $source != "$RELEASES"/* ]] || fail "Run the install.sh of what you want to install."
  step "Copying the code to $NEW"
  mkdir -p "$NEW"
  trap 'rm -rf "$NEW"' EXIT
  (cd "$source" && tar -c --exclude=__pycache__ "${CODE[@]}") | tar -x --no-same-owner -C "$NEW"
  chmod -R u=rwX,go=rX "$NEW"
  ln -s "$INSTANCE" "$NEW/instance"
  bring_packages
  # The service may not write beside its code, so what Python compiles is made now.
  "$NEW/.venv/bin/python" -m compileall -q "$NEW/opium" "$NEW/sandbox" "$NEW/app.py"
  trap - EXIT
}

# An update with the same packages needs neither the network nor a minute.
bring_packages() {
  local ours=$BASE/current
  if cmp -s "$ours/requirements.txt" "$NEW/requirements.txt"; then
    step "Taking over its packages, which are the same"
    cp -a --reflink=auto "$ours/.venv/." "$NEW/.venv"
    ! "$NEW/.venv/bin/python" -c 'import cryptography, flask' 2>/dev/null || return 0
    rm -rf "$NEW/.venv"
  fi
  step "Installing its packages; this takes a minute or two"
  quietly "$PYTHON" -m venv "$NEW/.venv" || fail "The folder $NEW/.venv could not be made."
  quietly "$NEW/.venv/bin/python" -m pip install --quiet --no-input \
    --disable-pip-version-check -r "$NEW/requirements.txt" ||
    fail "The packages could not be installed; pip's reason is above."
}

make_data_folder() {
  install -d -o opium -g opium -m 700 "$INSTANCE"
  [[ ! -e $BASE/.env ]] || return 0
  step "Writing settings to change into $BASE/.env"
  cat >"$BASE/.env" <<'TEXT'
# Settings of Opium; docs/configuration.md has them all. Then: sudo systemctl restart opium

# OPIUM_TIMEZONE=Europe/Moscow
# OPIUM_TRUSTED_PROXIES=127.0.0.1
# OPIUM_PORT=8000
TEXT
  chown root:opium "$BASE/.env"
  chmod 640 "$BASE/.env"
}

# With --data-key-credential, or if the key is there from before: systemd hands it over.
keep_key_outside() {
  [[ $KEY_OUTSIDE == yes || -e $KEY ]] || return 0
  install -d -m 700 "${KEY%/*}"
  if [[ ! -e $KEY && ! -e $INSTANCE/data.key ]]; then
    step "Making the data key $KEY"
    (umask 077 && head -c 32 /dev/urandom | base64 | tr '+/' '-_' >"$KEY")
  elif [[ ! -e $KEY ]]; then
    step "Moving the data key to $KEY"
    install -m 600 "$INSTANCE/data.key" "$KEY.new"
    mv "$KEY.new" "$KEY"
    rm "$INSTANCE/data.key"
  fi
  mkdir -p "${DROP_IN%/*}"
  cat >"$DROP_IN" <<TEXT
[Service]
LoadCredential=data.key:$KEY
Environment=OPIUM_DATA_KEY_FILE=%d/data.key
TEXT
}

check_password_can_be_set() {
  if [[ -n $PASSWORD_FILE ]]; then
    [[ -s $PASSWORD_FILE ]] || fail "The password file $PASSWORD_FILE cannot be read, or is empty."
  elif [[ ! -t 0 && ! -e $INSTANCE/opium.db ]]; then
    fail "Nobody can be asked for a password here: give --password-file FILE."
  fi
}

set_password() {
  if has_password; then
    step "The admin password stays as it is"
  elif [[ -n $PASSWORD_FILE ]]; then
    step "Setting the admin password of $PASSWORD_FILE"
    OPIUM_ADMIN_PASSWORD=$(cat "$PASSWORD_FILE") as_opium "$NEW" -c '
import sys
from opium.config import Config
from opium.core import Opium
try:
    Opium(Config.load()).open_database()
except Exception as exc:
    sys.exit(str(exc))' >/dev/null || fail "The password could not be set; the reason is above."
  else
    step "Choose the admin password"
    as_opium "$NEW" app.py passwd || fail "No password was set: run install.sh again."
  fi
}

has_password() {
  [[ $(query "$NEW" "SELECT count(*) FROM settings WHERE key = 'admin_password'") == 1 ]]
}

back_up() {
  [[ -e $INSTANCE/opium.db ]] || fail "There is no database in $INSTANCE to update."
  step "Backing up the database"
  local told
  told=$(as_opium "$1" app.py backup) || fail "Without a backup nothing is updated."
  head -1 <<<"$told" | tee "$1/.backup"
  schema "$1" >"$1/.schema"
}

# Exactly as it was, for the case that the new version changes the tables and then fails.
keep_cold_copy() {
  rm -rf "$KEPT_COLD"
  install -d -o opium -g opium -m 700 "$KEPT_COLD"
  cp -a --reflink=auto "$INSTANCE"/opium.db* "$KEPT_COLD"/
}

# The unit names /opt/opium/app.py and /opt/opium/.venv; both lead to the release.
switch_to() {
  step "Switching to $(basename "$1")"
  ln -sfn "$1" "$BASE/current.new"
  mv -T "$BASE/current.new" "$BASE/current"
  ln -sfn current/app.py "$BASE/app.py"
  ln -sfn current/.venv "$BASE/.venv"
  ln -sfn current/docs "$BASE/docs"
  install -m 644 "$1/opium.service" "$UNIT"
  systemctl daemon-reload
}

start_service() {
  step "Starting Opium"
  EPOCH=$(epoch)
  systemctl enable opium >/dev/null 2>&1
  systemctl restart opium || true
}

# The server raises `epoch` when the database is open and up to date; then it must answer.
until_ready() {
  local end=$((SECONDS + WAIT))
  while ((SECONDS < end)); do
    if systemctl is-failed --quiet opium; then return 1; fi
    if [[ $(epoch) != "$EPOCH" ]] && answers; then
      sleep 2
      # A bare `return` in a trap would give the status of before it.
      answers && systemctl is-active --quiet opium && return 0
    fi
    sleep 0.5
  done
  return 1
}

epoch() {
  cat "$INSTANCE/epoch" 2>/dev/null || true
}

answers() {
  as_opium "$BASE/current" -c '
import http.client, socket
from opium.config import Config
config = Config.load()
host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)
ask = http.client.HTTPConnection(host, config.port, timeout=5)
if getattr(config, "socket", None):  # also asked of versions that knew no socket
    ask.sock = socket.socket(socket.AF_UNIX)
    ask.sock.settimeout(5)
    ask.sock.connect(str(config.socket))
ask.request("GET", "/api/health")
raise SystemExit(ask.getresponse().status >= 500)  # a whitelist may not name us' >/dev/null 2>&1
}

# Names of the tables' versions; empty without a database.
schema() {
  as_opium "$1" -c '
import sqlite3, sys
try:
    db = sqlite3.connect(f"file:{sys.argv[1]}/opium.db?mode=ro", uri=True)
    tables = db.execute("SELECT name FROM sqlite_master WHERE name LIKE ? ORDER BY 1", ["alembic_version%"])
    for (table,) in tables.fetchall():
        print(*db.execute(f"SELECT version_num FROM {table}").fetchone() or [""])
except sqlite3.Error:
    pass' "$INSTANCE"
}

query() {
  as_opium "$1" -c '
import sqlite3, sys
try:
    db = sqlite3.connect(f"file:{sys.argv[1]}/opium.db?mode=ro", uri=True)
    print(*db.execute(sys.argv[2]).fetchone())
except sqlite3.Error:
    pass' "$INSTANCE" "$2"
}

# Python of the release $1 as the service's user, with the settings and the key of the service.
as_opium() {
  local release=$1
  shift
  (
    cd "$BASE"
    umask 077
    if [[ -e $KEY ]]; then
      OPIUM_DATA_KEY=$(cat "$KEY")
      export OPIUM_DATA_KEY
    fi
    export OPIUM_ADMIN_PASSWORD PYTHONPATH="$release" PYTHONDONTWRITEBYTECODE=1
    [[ -n ${OPIUM_ADMIN_PASSWORD:-} ]] || unset OPIUM_ADMIN_PASSWORD
    unset OPIUM_ADMIN_PASSWORD_FILE
    [[ ${1:-} != app.py ]] || set -- "$release/app.py" "${@:2}"
    exec setpriv --reuid=opium --regid=opium --init-groups "$release/.venv/bin/python" "$@"
  )
}

remove_old_releases() {
  local each
  for each in "$RELEASES"/*; do
    [[ $each == "$(readlink "$BASE/current")" || $each == "$(readlink "$BASE/previous")" ]] ||
      rm -rf "$each"
  done
}

why() {
  local said
  said=$(journalctl _SYSTEMD_UNIT=opium.service -n 1 -o cat --no-pager 2>/dev/null || true)
  echo "${said:-journalctl -u opium tells why.}"
}

say_what_next() {
  cat <<'TEXT'

Opium runs, and starts with the machine. It listens on 127.0.0.1:8000 only. What comes next:
  1. a name and TLS in front of it      docs/install.md, "TLS"
  2. your FunPay account                docs/install.md, "The first order"
  3. a copy of the data key elsewhere   docs/backup.md
Look at it: systemctl status opium; journalctl -u opium
TEXT
}

# What a command prints is worth reading only if it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || { printf '%s\n' "$said" >&2 && return 1; }
}

step() {
  printf '%s\n' "$*"
}

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

main "$@"
exit
