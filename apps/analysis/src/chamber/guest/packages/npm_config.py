"""npm's settings: command line, environment, .npmrc of the project, of the user, of the machine."""

import os
import re

VERSION = "10.8.2"
DEFAULT_REGISTRY = "https://registry.npmjs.org/"
AGENT = f"npm/{VERSION} node/v18.20.4 linux x64 workspaces/false"


class Failed(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def _expand(value):
    return re.sub(r"(?<!\\)\$\{([^}]+)\}", lambda found: os.environ.get(found.group(1), found.group(0)), value)


def read_file(path):
    settings = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                line = line.strip()
                if line and line[0] not in "#;" and "=" in line:
                    name, value = line.split("=", 1)
                    settings[name.strip()] = _expand(value.strip().strip("\"'"))
    except OSError:
        pass
    return settings


class Config:
    def __init__(self, options):
        self.options = options
        environment = {
            name[11:].replace("_", "-") if not name[11:].startswith("//") else name[11:]: value
            for name, value in os.environ.items()
            if name.lower().startswith("npm_config_")
        }
        user = options.get("userconfig") or environment.get("userconfig") or os.path.expanduser("~/.npmrc")
        self.user_file = user
        files = ["/etc/npmrc", user, os.path.join(os.getcwd(), ".npmrc")]
        self.file = {}
        for path in files:
            self.file.update(read_file(path))
        self.all = {**self.file, **environment, **options}

    def get(self, name, default=None):
        return self.all.get(name, default)

    def flag(self, name):
        return str(self.all.get(name, "false")) not in ("false", "0", "")

    def registry(self, package=""):
        scope = package.split("/")[0] if package.startswith("@") else None
        found = (scope and self.get(f"{scope}:registry")) or self.get("registry") or DEFAULT_REGISTRY
        return found.rstrip("/") + "/"

    def headers(self, url, command):
        """What goes with each request; the secret of the longest prefix of the address that has one."""
        headers = {"user-agent": AGENT, "npm-command": command, "pacote-version": "18.0.6"}
        place = re.sub(r"^https?:", "", url)
        while place.startswith("//"):
            for form in (place, place.rstrip("/"), place.rstrip("/") + "/"):
                if token := self.get(f"{form}:_authToken"):
                    return {**headers, "authorization": f"Bearer {token}"}
                if basic := self.get(f"{form}:_auth"):
                    return {**headers, "authorization": f"Basic {basic}"}
            shorter = place.rstrip("/").rsplit("/", 1)[0] + "/"
            if len(shorter) >= len(place) or shorter == "//":
                break
            place = shorter
        if token := self.get("_authToken"):
            headers["authorization"] = f"Bearer {token}"
        return headers


VALUES = {
    *("registry", "prefix", "userconfig", "tag", "access", "otp", "loglevel", "cache", "omit", "include", "C", "w"),
    *("workspace", "script-shell", "before", "depth", "package", "searchlimit", "auth-type", "p", "c", "call", "size"),
}
SHORT = {
    **{"g": "global", "D": "save-dev", "E": "save-exact", "f": "force", "y": "yes", "S": "save", "O": "save-optional"},
    **{"s": "silent", "q": "quiet", "d": "verbose", "h": "help", "v": "version", "l": "long", "a": "all"},
}


def parse_words(words):
    """Splits options from words; what follows `--` stands as it is."""
    options, plain, rest = {}, [], []
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "--":
            rest = words
            break
        if word.startswith("--"):
            name, mark, value = word[2:].partition("=")
            if mark:
                options[name] = value
            elif name.startswith("no-"):
                options[name[3:]] = "false"
            elif (name in VALUES or name.startswith("//") or name.endswith("registry")) and words:
                options[name] = words.pop(0)
            else:
                options[name] = "true"
        elif word.startswith("-") and len(word) > 1:
            for letter in word[1:]:
                name = SHORT.get(letter, letter)
                options[name] = words.pop(0) if name in VALUES and words else "true"
        else:
            plain.append(word)
    return options, plain, rest
