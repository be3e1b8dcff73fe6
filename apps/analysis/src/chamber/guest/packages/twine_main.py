"""Uploads to the Python package index, as twine does."""

import base64
import configparser
import glob
import hashlib
import os
import re
import sys

from fetch import Refused, fetch

UPLOAD = "https://upload.pypi.org/legacy/"


def settings(options):
    """Address, user and password: of the command line, of the environment, of ~/.pypirc."""
    file = configparser.RawConfigParser()
    file.read(os.path.expanduser(options.get("--config-file", "~/.pypirc")))
    section = options.get("-r") or options.get("--repository") or "pypi"
    of = lambda name: file.get(section, name) if file.has_option(section, name) else None
    url = options.get("--repository-url") or os.environ.get("TWINE_REPOSITORY_URL") or of("repository") or UPLOAD
    user = options.get("-u") or options.get("--username") or os.environ.get("TWINE_USERNAME") or of("username") or "__token__"
    password = options.get("-p") or options.get("--password") or os.environ.get("TWINE_PASSWORD") or of("password") or ""
    return url, user, password


def form(fields, name, content):
    boundary = hashlib.sha256(content).hexdigest()[:32]
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    return boundary, b"".join([*parts, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])


def upload(path, url, user, password):
    with open(path, "rb") as file:
        content = file.read()
    name = os.path.basename(path)
    wheel = name.endswith(".whl")
    stem = re.sub(r"(\.tar\.gz|\.zip|\.whl)$", "", name)
    project, version = stem.split("-")[:2] if wheel else stem.rsplit("-", 1)
    fields = {
        **{":action": "file_upload", "protocol_version": "1", "metadata_version": "2.1", "name": project, "version": version},
        **{"filetype": "bdist_wheel" if wheel else "sdist", "pyversion": "py3" if wheel else "source"},
        **{"sha256_digest": hashlib.sha256(content).hexdigest(), "md5_digest": hashlib.md5(content).hexdigest()},
    }
    boundary, body = form(fields, name, content)
    secret = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}", "authorization": f"Basic {secret}", "user-agent": "twine/5.0.0"}
    print(f"Uploading {name}")
    fetch(url, "POST", headers, body)


def main(words):
    options, plain = {}, []
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("--non-interactive", "--skip-existing", "--verbose", "--disable-progress-bar"):
            continue
        if word.startswith("-"):
            name, mark, value = word.partition("=") if word.startswith("--") else (word, "", "")
            options[name] = value if mark else (words.pop(0) if words else "")
        else:
            plain.append(word)
    if "--version" in options:
        print("twine version 5.0.0")
        return 0
    if plain[:1] == ["check"]:
        return 0
    url, user, password = settings(options)
    print(f"Uploading distributions to {url}")
    try:
        for pattern in plain[1:]:
            for path in sorted(glob.glob(pattern)) or [pattern]:
                upload(path, url, user, password)
    except Refused as refused:
        print(f"ERROR    HTTPError: {refused.status} from {url}\n         {refused.body.decode(errors='replace')[:300]}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"ERROR    {error}", file=sys.stderr)
        return 1
    return 0
