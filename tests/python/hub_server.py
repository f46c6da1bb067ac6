"""A hub on this machine: answers listings and downloads of models and data sets that lie in folders, as the real one does, and takes
new models where it is given a folder and a token for them.

    python tests/python/hub_server.py --model acme/roberta=FOLDER --dataset acme/news=FOLDER

serves them until it is interrupted, and prints what to set HF_ENDPOINT to.
"""

import argparse
import base64
import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

CHUNK = 1 << 20
# Larger files are sent in parts of this size.
PART = 20_000


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
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = unquote(self.path.split("?")[0])
        if path.startswith("/large/"):
            return self.end_upload(path, body)
        if not self.server.writable or self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.refuse(401, "Invalid username or password.")
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if path == "/api/validate-yaml":
            return self.send_json(dict(errors=[], warnings=[]), send=True)
        repository = re.fullmatch(r"/(?:api/models/)?([^/]+/[^/]+?)(?:\.git/info/lfs/objects/batch|/(preupload|commit)/main)", path)
        if not repository or not (self.server.writable / repository[1]).is_dir():
            return self.refuse(404, "Repository not found")
        if repository[2] == "preupload":
            return self.say_how(json.loads(body)["files"])
        if repository[2] == "commit":
            return self.commit(repository[1], [json.loads(line) for line in body.splitlines()])
        self.batch(json.loads(body))

    def do_PUT(self):
        """A large file or a part of one. Its address is secret; a token would be given away."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert "Authorization" not in self.headers and "Transfer-Encoding" not in self.headers
        _, _, digest, *part = self.path.split("/")
        self.server.parts[digest, int(part[0]) if part else 0] = body
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def create(self, wanted):
        name = f"{wanted['organization']}/{wanted['name']}"
        if wanted["organization"] == "stranger":
            return self.refuse(403, "You don't have the rights to create a model under this namespace")
        if (self.server.writable / name).is_dir():
            return self.refuse(409, "You already created this model repo")
        self.publish(name)
        self.server.private[name] = wanted.get("private", False)
        self.send_json(dict(url=f"{self.server.endpoint}/{name}", name=name), send=True)

    def publish(self, name):
        folder = self.server.writable / name
        folder.mkdir(parents=True, exist_ok=True)
        self.server.repositories[f"models/{name}"] = Repository(folder)
        return self.server.repositories[f"models/{name}"].commit

    def say_how(self, files):
        assert all(base64.b64decode(file["sample"]) or not file["size"] for file in files)
        mode = lambda file: "lfs" if file["path"].endswith(".safetensors") else "regular"
        self.send_json(dict(files=[dict(path=f["path"], uploadMode=mode(f), shouldIgnore=False) for f in files]), send=True)

    def batch(self, wanted):
        """Where to send files: in one piece, or in parts with an address each."""
        assert wanted["operation"] == "upload" and wanted["hash_algo"] == "sha256"
        objects = []
        for file in wanted["objects"]:
            oid, size = file["oid"], file["size"]
            place = f"{self.server.endpoint}/large/{oid}"
            answer = dict(oid=oid, size=size)
            if oid not in self.server.large:
                header = {}
                if "multipart" in wanted["transfers"] and size > PART:
                    header = {f"{part:05}": f"{place}/{part}" for part in range(1, -(-size // PART) + 1)}
                    header |= dict(chunk_size=str(PART))
                upload = dict(href=f"{place}/end" if header else place, header=header)
                answer["actions"] = dict(upload=upload, verify=dict(href=f"{place}/verify"))
            objects.append(answer)
        self.send_json(dict(transfer="multipart", objects=objects), send=True)

    def end_upload(self, path, body):
        """What follows when all of a file was sent: its parts are put together, or it is verified."""
        _, _, digest, what = path.split("/")
        told = json.loads(body)
        if what == "end":
            numbers = [part["partNumber"] for part in told["parts"]]
            assert numbers == list(range(1, len(numbers) + 1))
            parts = [self.server.parts[digest, number] for number in numbers]
            assert [part["etag"] for part in told["parts"]] == [f'"{hashlib.md5(part).hexdigest()}"' for part in parts]
            self.server.parts[digest, 0] = b"".join(parts)
        contents = self.server.parts[digest, 0]
        if told["oid"] != digest or hashlib.sha256(contents).hexdigest() != digest:
            return self.refuse(422, "The digest is another one")
        self.server.large[digest] = contents
        self.send_json({}, send=True)

    def commit(self, name, lines):
        assert lines[0]["key"] == "header" and lines[0]["value"]["summary"]
        for line in lines[1:]:
            value = line["value"]
            path = self.server.writable / name / value["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if line["key"] == "lfsFile":
                contents = self.server.large[value["oid"]]
                assert len(contents) == value["size"]
            else:
                contents = base64.b64decode(value["content"])
            path.write_bytes(contents)
        commit = self.publish(name)
        self.send_json(dict(success=True, commitOid=commit, commitUrl=f"{self.server.endpoint}/{name}/commit/{commit}"), send=True)

    def refuse(self, status, message):
        self.send_response(status)
        self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", "0")
        self.end_headers()

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


def server(models, datasets, writable=None, token=None):
    """A server on a free port; `models` and `datasets` are folders by name (`owner/name`). New models go into `writable`, of those
    who show the token."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.writable, made.token = writable, token
    # Which repositories are private; large files by digest, and the parts of those that are being sent.
    made.private, made.large, made.parts = {}, {}, {}
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
