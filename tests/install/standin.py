"""A small `systemctl` for a root without systemd: it really runs the unit, as the unit says.

Honoured: User, Group, WorkingDirectory, Environment, EnvironmentFile, LoadCredential, UMask,
ExecStart, Restart=always, RestartSec, RestartPreventExitStatus, and drop-ins. What the process
prints is in /run/standin/NAME.out. Run inside of the root, with nothing but the standard library.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

STATE = Path("/run/standin")
UNITS = Path("/etc/systemd/system")
STOP_WITHIN = 45.0

Unit = dict[str, list[str]]


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    verb, names = words[0], words[1:]
    STATE.mkdir(exist_ok=True)
    for name in names:
        if verb in ("stop", "restart") or (verb == "disable" and "--now" in arguments):
            stop(name)
        if verb in ("start", "restart"):
            start(name)
    match verb:
        case "is-active":
            return 0 if alive(names[0]) else 3
        case "is-failed":
            return 0 if failed(names[0]).exists() else 1
        case "start" | "stop" | "restart" | "enable" | "disable" | "daemon-reload":
            return 0
    print(f"the stand-in knows no {verb}", file=sys.stderr)
    return 2


def read(name: str) -> Unit:
    """The [Service] section with its drop-ins; each key with all its values."""
    found: Unit = {}
    path = UNITS / f"{name}.service"
    for part in [path, *sorted(Path(f"{path}.d").glob("*.conf"))]:
        section = ""
        for line in part.read_text().splitlines():
            line = line.strip()
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and not line.startswith("#"):
                key, value = line.split("=", 1)
                found.setdefault(key, []).append(value)
    return found


def start(name: str) -> None:
    """Leave a watcher behind that runs the service and starts it again."""
    if supervisor(name):
        return
    failed(name).unlink(missing_ok=True)
    if os.fork():
        while not pid_file(name).exists() and not failed(name).exists():
            time.sleep(0.02)
        return
    os.setsid()
    with open(STATE / f"{name}.out", "ab") as out, open(os.devnull) as nothing:
        for number, file in ((0, nothing), (1, out), (2, out)):
            os.dup2(file.fileno(), number)
    watch(name, read(name))
    os._exit(0)


def watch(name: str, unit: Unit) -> None:
    stopping = False

    def stop_it(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True
        process.terminate()

    while True:
        process = launched(name, unit)
        signal.signal(signal.SIGTERM, stop_it)
        pid_file(name).write_text(f"{os.getpid()} {process.pid}")
        code = process.wait()
        if stopping or code == 0:
            break
        if str(code) in unit.get("RestartPreventExitStatus", [""])[-1].split():
            failed(name).touch()
            break
        time.sleep(float(unit.get("RestartSec", ["0.1"])[-1]))
        if stopping:
            break
    pid_file(name).unlink()


def launched(name: str, unit: Unit) -> subprocess.Popen[bytes]:
    user = pwd.getpwnam(unit["User"][-1])
    credentials = Path(f"/run/credentials/{name}.service")
    environment = {"PATH": "/usr/bin:/bin", "HOME": user.pw_dir, "USER": user.pw_name}
    for line in unit.get("Environment", []):
        for pair in shlex.split(line.replace("%d", str(credentials))):
            key, value = pair.split("=", 1)
            environment[key] = value
    for file in unit.get("EnvironmentFile", []):
        for line in Path(file.lstrip("-")).read_text().splitlines():
            key, _, value = line.partition("=")
            environment[key] = value
    shutil.rmtree(credentials, ignore_errors=True)
    for line in unit.get("LoadCredential", []):
        credential, source = line.split(":", 1)
        credentials.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, credentials / credential)
        (credentials / credential).chmod(0o400)
        for path in (credentials, credentials / credential):
            os.chown(path, user.pw_uid, user.pw_gid)
    return subprocess.Popen(
        shlex.split(unit["ExecStart"][-1]),
        cwd=unit["WorkingDirectory"][-1],
        env=environment,
        user=user.pw_uid,
        group=unit.get("Group", [user.pw_name])[-1],
        extra_groups=[],
        umask=int(unit.get("UMask", ["0022"])[-1], 8),
    )


def stop(name: str) -> None:
    pid = supervisor(name)
    if not pid:
        return
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + STOP_WITHIN
    while pid_file(name).exists() and time.monotonic() < end:
        time.sleep(0.05)


def alive(name: str) -> bool:
    return supervisor(name) != 0 and Path(f"/proc/{pid_file(name).read_text().split()[1]}").exists()


def supervisor(name: str) -> int:
    """The watcher's process id; 0 if there is none."""
    try:
        pid = int(pid_file(name).read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return pid if Path(f"/proc/{pid}").exists() else 0


def pid_file(name: str) -> Path:
    return STATE / f"{name}.pid"


def failed(name: str) -> Path:
    return STATE / f"{name}.failed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
