#!/usr/bin/python3
"""Writes oauth1_vectors.json: requests signed by oauthlib, another implementation
of RFC 5849 than the one under test.

    apt-get install python3-oauthlib
    /usr/bin/python3 oauth1_vectors.py > oauth1_vectors.json
"""

import json
from urllib.parse import urlsplit

import oauthlib
from oauthlib.oauth1.rfc5849 import Client, signature

TIMESTAMP = "1700000000"
FORM = "application/x-www-form-urlencoded"
PLAIN = ("consumer", "consumer-secret", "token", "token-secret")
AWKWARD = ("k&+= \u00e9", "s&+= \u00e9!*'()", "t\"%,\u00e9", "\u65e5\u672c&%26 !*'()~-._")

# name, credentials, method, URL as on the request line, form body or None
CASES = [
    ("plain", PLAIN, "GET", "http://portal.example/api/v4/media/D4AC0B41-141B-47D2-98B4FECDA8894CB2/download/", None),
    ("awkward secrets", AWKWARD, "GET", "http://portal.example/api/v4/currentUser/", None),
    ("empty token secret", ("c", "s", "t", ""), "GET", "http://portal.example/", None),
    ("repeated keys", PLAIN, "GET", "http://portal.example/m/?a=2&a=10&a=1&b=x&a=", None),
    ("names that sort only when encoded", PLAIN, "GET", "http://portal.example/m/?a%7E=1&a-=2&a%5B%5D=3&%C3%A9=4&z=5&A=6&a=7", None),
    ("empty values", PLAIN, "GET", "http://portal.example/m/?a=&b&c=%20&=d", None),
    ("reserved values", AWKWARD, "GET", "http://portal.example/m/?q=%26+%2B+%3D+%C3%A9!*%27()&orderBy=dateModified%20desc", None),
    ("encoded percent", PLAIN, "GET", "http://portal.example/m/?q=%2520&r=%25", None),
    ("escaped path", PLAIN, "GET", "http://portal.example/api/v4/media/a%2Fb%20%C3%A9%2e/download/%21(x)/", None),
    ("port kept", PLAIN, "GET", "http://127.0.0.1:8080/api/v4/media/?limit=1000", None),
    ("default port dropped", PLAIN, "GET", "http://portal.example:80/api/v4/media/", None),
    ("default port of https dropped", PLAIN, "GET", "https://portal.example:443/api/v4/media/", None),
    ("port 80 kept under https", PLAIN, "GET", "https://portal.example:80/api/v4/media/", None),
    ("upper-case host", PLAIN, "GET", "http://PORTAL.Example/API/", None),
    ("form", AWKWARD, "POST", "http://portal.example/api/v4/x/?a=q&c=%2B", "a=b+c&a=%C3%A9&empty=&d%26=%3D"),
    ("delete", PLAIN, "DELETE", "http://portal.example/api/v4/media/1/", None),
]


def vector(number, name, creds, method, url, body):
    consumer_key, consumer_secret, token, token_secret = creds
    client = Client(consumer_key, client_secret=consumer_secret, resource_owner_key=token,
                    resource_owner_secret=token_secret, nonce="nonce%d" % number, timestamp=TIMESTAMP)
    headers = {"Content-Type": FORM} if body is not None else {}
    _, signed, _ = client.sign(url, method, body, headers)
    parts = urlsplit(url)
    params = signature.collect_parameters(parts.query, body or "", signed)
    base = signature.signature_base_string(
        method, signature.base_string_uri(url), signature.normalize_parameters(params))
    return {
        "name": name, "consumerKey": consumer_key, "consumerSecret": consumer_secret, "token": token,
        "tokenSecret": token_secret, "method": method, "url": url, "body": body,
        "authorization": signed["Authorization"], "baseString": base,
    }


print(json.dumps({
    "madeBy": "oauthlib " + oauthlib.__version__,
    "timestamp": int(TIMESTAMP),
    "vectors": [vector(i, *case) for i, case in enumerate(CASES)],
}, indent=1))
