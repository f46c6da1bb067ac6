"""A hub on this machine: answers listings and downloads of models and data sets that lie in folders, as the real one does.

    python tests/python/hub_server.py --model acme/roberta=FOLDER --dataset acme/news=FOLDER

serves them until it is interrupted, and prints what to set HF_ENDPOINT to.
"""

import argparse
import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

CHUNK = 1 << 20


class Repository:
    """The files of a folder at one commit, which follows from their names and contents."""

    def __init__(self, folder):
        self.files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        self.digests = {name: self.digest(path) for name, path in self.files.items()}
        self.commit = hashlib.sha1(json.dumps(self.digests).encode()).hexdigest()

    @staticmethod
    def digest(path):
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(send=True)

    def do_HEAD(self):
        self.answer(send=False)

    def answer(self, send):
        path = unquote(self.path.split("?")[0])
        tree = re.fullmatch(r"/api/((?:models|datasets)/[^/]+/[^/]+)/tree/.+", path)
        listing = re.fullmatch(r"/api/((?:models|datasets)/[^/]+/[^/]+)(?:/revision/(.+))?", path)
        file = re.fullmatch(r"/((?:datasets/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if tree:
            self.list_tree(self.server.repositories.get(tree[1]), send)
        elif listing:
            self.list_files(listing[1], self.server.repositories.get(listing[1]), send)
        elif file:
            key = file[1] if file[1].startswith("datasets/") else f"models/{file[1]}"
            self.send_file(self.server.repositories.get(key), file[3], send)
        else:
            self.send_error(404)

    def list_files(self, key, repository, send):
        """The repository with the names of its files."""
        if repository is None:
            return self.send_error(404)
        siblings = [dict(rfilename=name) for name in repository.files]
        facts = dict(id=key.split("/", 1)[1], sha=repository.commit, siblings=siblings, private=False, downloads=0, likes=0, tags=[])
        self.send_json(facts, send)

    def list_tree(self, repository, send):
        """Every file with its size, as newer versions of huggingface_hub ask for it."""
        if repository is None:
            return self.send_error(404)
        files = repository.files.items()
        tree = [
            dict(type="file", path=name, size=path.stat().st_size, oid=repository.digests[name][:40])
            for name, path in files
        ]
        self.send_json(tree, send)

    def send_json(self, value, send):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if send:
            self.wfile.write(body)

    def send_file(self, repository, name, send):
        if repository is None or name not in repository.files:
            return self.send_error(404)
        path = repository.files[name]
        size = path.stat().st_size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = min(int(wanted[1]), size) if wanted else 0
        end = min(int(wanted[2]) + 1, size) if wanted and wanted[2] else size
        self.send_response(206 if wanted else 200)
        self.send_header("ETag", f'"{repository.digests[name]}"')
        self.send_header("X-Repo-Commit", repository.commit)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{max(end, 1) - 1}/{size}")
        self.end_headers()
        if send:
            with path.open("rb") as file:
                file.seek(start)
                left = end - start
                while left:
                    chunk = file.read(min(left, CHUNK))
                    self.wfile.write(chunk)
                    left -= len(chunk)

    def log_message(self, *_):
        pass


def server(models, datasets):
    """A server on a free port; `models` and `datasets` are folders by name (`owner/name`)."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.repositories = {f"models/{name}": Repository(Path(folder)) for name, folder in models.items()}
    made.repositories |= {f"datasets/{name}": Repository(Path(folder)) for name, folder in datasets.items()}
    made.endpoint = f"http://127.0.0.1:{made.server_port}"
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = dict(action="append", default=[], metavar="NAME=FOLDER", type=lambda text: text.split("=", 1))
    parser.add_argument("--model", **named)
    parser.add_argument("--dataset", **named)
    arguments = parser.parse_args()
    made = server(dict(arguments.model), dict(arguments.dataset))
    print(f"HF_ENDPOINT={made.endpoint}", flush=True)
    made.serve_forever()


if __name__ == "__main__":
    main()
