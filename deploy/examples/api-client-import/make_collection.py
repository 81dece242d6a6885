#!/usr/bin/env python3
"""Makes a collection for API clients (Postman, Insomnia, Bruno, newman) from the services' own OpenAPI documents.

    python3 make_collection.py [path to endpoints.json] [folder to write to]

It writes sealkeep.postman_collection.json, in the Collection 2.1 format that all of them import, and
sealkeep.postman_environment.json, which holds the addresses and the secret of the identity `backend` (mode 0600).
"""

import json
import os
import ssl
import sys
import urllib.request
from pathlib import Path

ENDPOINTS = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["SEALKEEP_ENDPOINTS"])
FOLDER = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
METHODS = ("get", "post", "put", "delete", "patch")
# Members that one answer gives and another request needs: each request keeps them in a variable of the same name.
CARRIED = ("ciphertext", "wrapped", "signature")
# What make-keys.sh made.
SIGNING = ("sign", "verify")


def sample(schema, document, name="", depth=0):
    """A value of this schema: its example, else its required members, else something small of the type."""
    if name in (*CARRIED, "key"):
        return "{{" + name + "}}"
    if "$ref" in schema and "example" not in schema:
        return sample(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document, name, depth)
    for word in ("example", "default", "const"):
        if word in schema:
            return schema[word]
    for word in ("oneOf", "anyOf", "allOf"):
        for choice in schema.get(word, []):
            if choice.get("type") != "null":
                return sample(choice, document, name, depth)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = next(k for k in kind if k != "null") if isinstance(kind, list) else kind
    if kind == "object":
        required = schema.get("required", []) if depth < 6 else []
        return {member: sample(schema["properties"][member], document, member, depth + 1) for member in required}
    if kind == "array":
        return [sample(schema["items"], document, name, depth + 1)]
    if schema.get("format") == "base64url":
        return "aGVsbG8"
    return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind, "")


def request_of(service, path, method, operation, document):
    """One operation as a request, with a test that the answer's status is one that the document names."""
    def value(parameter):
        if path.startswith("/v1/keys/") and parameter["name"] == "id":
            return "{{signing_key}}" if operation["operationId"] in SIGNING else "{{key}}"
        return str(parameter.get("example", "{{" + parameter["name"] + "}}"))

    def listed(place):
        return [(p, {"key": p["name"], "value": value(p), "description": p.get("description", "")})
                for p in operation.get("parameters", []) if p["in"] == place]

    spelled = path.replace("{", ":").replace("}", "")
    optional = [{**entry, "value": "", "disabled": True} for p, entry in listed("query") if not p.get("required")]
    headers = [{**entry, "value": "", "disabled": True} for _, entry in listed("header")]
    request = {
        "method": method.upper(),
        "header": headers,
        "url": {"raw": "{{" + service + "}}" + spelled, "host": ["{{" + service + "}}"], "path": spelled[1:].split("/"),
                "query": optional, "variable": [entry for _, entry in listed("path")]},
        "description": operation.get("summary", ""),
    }
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        request["header"].append({"key": "Content-Type", "value": "application/json"})
        text = json.dumps(sample(body["schema"], document), indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    codes = [int(code) for code in operation["responses"] if code.isdigit()]
    script = [f"pm.test('the status is documented', () => pm.expect({codes}).to.include(pm.response.code));"]
    if body:
        script += ["const said = pm.response.json();", f"for (const name of {json.dumps(CARRIED)})",
                   "  if (said[name]) pm.collectionVariables.set(name, said[name]);"]
    return {"name": f"{method.upper()} {path}", "request": request, "event": [test(script)]}


def test(lines):
    return {"listen": "test", "script": {"type": "text/javascript", "exec": lines}}


def token_request():
    form = {"grant_type": "client_credentials", "client_id": "{{client_id}}", "client_secret": "{{client_secret}}"}
    return {
        "name": "Fetch a token first",
        "request": {"method": "POST", "url": {"raw": "{{token_url}}", "host": ["{{token_url}}"]},
                    "auth": {"type": "noauth"},
                    "body": {"mode": "urlencoded", "urlencoded": [{"key": k, "value": v} for k, v in form.items()]}},
        "event": [test(["pm.test('a token', () => pm.response.to.have.status(200));",
                        "pm.collectionVariables.set('access_token', pm.response.json().access_token);"])],
    }


def folder_of(service, document):
    operations = [(path, method, operation) for path, methods in document["paths"].items()
                  for method, operation in methods.items() if method in METHODS]
    requests = [request_of(service, *operation, document) for operation in operations]
    # Those that need what another one gave come after it.
    requests.sort(key=lambda one: any("{{%s}}" % name in json.dumps(one["request"]) for name in CARRIED))
    return {"name": document["info"]["title"], "description": document["info"].get("description", ""), "item": requests}


def main():
    where = json.loads(ENDPOINTS.read_text())
    tls = ssl.create_default_context(cafile=where["ca"])
    folders = []
    for service in ("rest", "registry"):
        with urllib.request.urlopen(f"{where[service]}/openapi.json", context=tls) as answer:
            folders.append(folder_of(service, json.load(answer)))
    collection = {
        "info": {"name": "Sealkeep", "schema": FORMAT,
                 "description": "Made by make_collection.py from the OpenAPI documents of both services."},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}]},
        "variable": [{"key": "access_token", "value": ""}, {"key": "key", "value": "example-aes"},
                     {"key": "signing_key", "value": "example-sign"}, *({"key": k, "value": ""} for k in CARRIED)],
        "item": [token_request(), *folders],
    }
    me = where["identities"]["backend"]
    secret = Path(me["secret_file"]).read_text().strip()
    values = {"rest": where["rest"], "registry": where["registry"], "token_url": where["token"],
              "client_id": me["client_id"], "client_secret": secret}
    environment = {"name": "Sealkeep quickstart", "values": [
        {"key": k, "value": v, "type": "secret" if k == "client_secret" else "default", "enabled": True}
        for k, v in values.items()]}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, content in (("collection", collection), ("environment", environment)):
        file = FOLDER / f"sealkeep.postman_{kind}.json"
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as output:
            json.dump(content, output, indent=2, ensure_ascii=False)
        print(file)


if __name__ == "__main__":
    main()
