#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Amazon SNS at the hook door: the certificate is fetched from Amazon and from nowhere else, and a
subscription is confirmed once, if it is ours.

Amazon is a server over TLS on this machine, reached as a relay, with certificates of an authority of
the test's own. What is signed, and in which order: docs.aws.amazon.com/sns, "Verifying the signatures
of Amazon SNS messages".

usage: test_sns.py WAYMARK [TEST...]
"""

import base64
import json
import os
import sys
import threading
import time

from door import Door, harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import tls_lab
from tls_lab import response

tap = harness.Tap()
HOST = "sns.eu-west-1.amazonaws.com"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CERT = "https://%s/SimpleNotificationService-0123456789abcdef.pem" % HOST
CONFIRM = "https://%s/?Action=ConfirmSubscription&TopicArn=%s&Token=2336412f37" % (HOST, TOPIC)
MAPPING = {"preset": "mine", "about": "A topic.", "kind": "json", "verify": {"scheme": "sns"},
           "unwrap": {"if": {"is": ["{Type}", "Notification"]}, "json": "{Message}"},
           "topic": {"first": ["{kind}", "{Type}"]},
           "events": [{"on": ["note"], "event": "Note", "user": "{user}",
                       "id": "{envelope.MessageId}", "time": "{envelope.Timestamp}",
                       "properties": {"text": "{text}"}}]}
KEYS = """\
[topic]
kind = hook
mapping = sns.json
secret_file = topic
"""
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


class Amazon:
    """SNS, as far as a receiver sees it. PAGES: what a target is answered; None: silence."""

    def __init__(self, folder, host=HOST):
        self.lab = tls_lab.Lab(folder, "amazon-" + host)
        self.pages = {}
        self.gate = threading.Event()
        self.gate.set()
        cert, self.key = self.lab.certificate("sns.amazonaws.com")
        with open(cert, "rb") as file:
            self.pages["/" + CERT.rpartition("/")[2]] = response(file.read())
        self.pages[CONFIRM[len("https://" + HOST):]] = response(
            b"<ConfirmSubscriptionResponse/>", fields=["Content-Type: text/xml"])
        self.server = tls_lab.Server(self.lab.certificate(host), self.answer)

    def answer(self, target, _):
        self.gate.wait(20)
        return self.pages.get(target, response(status="404 Not Found"))

    @property
    def targets(self):
        return self.server.targets

    def message(self, kind="Notification", names=NOTIFICATION, key=None, version="2", **members):
        made = {"Type": kind, "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
                "TopicArn": TOPIC, "Message": json.dumps({"kind": "note", "user": "u1", "text": "é"}),
                "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                "SignatureVersion": version, "SigningCertURL": CERT,
                "UnsubscribeURL": "https://%s/?Action=Unsubscribe" % HOST, **members}
        text = "".join("%s\n%s\n" % (n, made[n]) for n in names if n in made)
        made["Signature"] = base64.b64encode(self.lab.sign(
            key or self.key, text.encode(), "sha256" if version == "2" else "sha1")).decode()
        return made

    def confirmation(self, kind="SubscriptionConfirmation", **members):
        made = {"Message": "You have chosen to subscribe to the topic.", "SubscribeURL": CONFIRM,
                "Token": "2336412f37", **members}
        return self.message(kind, CONFIRMATION, **made)


class Sns(Door):
    def __init__(self, host=HOST):
        if not tls_lab.available():
            raise harness.Skip("no openssl")
        self.host = host
        self.amazon = None
        super().__init__()

    def start(self, settings="", name="collector", redis=None):
        self.amazon = self.amazon or Amazon(self.folder, self.host)
        self.write("sns.json", json.dumps(MAPPING))
        self.write("topic", TOPIC + "\n")
        keys = self.write("keys.ini", KEYS)
        return self.role("collector", ["--config", self.write(name + ".ini", (
            "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n"
            "sns_relay = 127.0.0.1:%d\nsns_ca = %s\n%s\n" % (
                (redis or self.server).socket, self.path(name + ".sock"), keys,
                self.amazon.server.port, self.amazon.lab.ca, settings)))], name=name)

    def tell(self, message):
        """As SNS posts it: as text/plain."""
        return self.collector.post("/hooks/topic", json.dumps(message).encode(), {
            "Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": message["Type"],
            "User-Agent": "Amazon Simple Notification Service Agent"})

    def tell_many(self, messages):
        """All at once; the answers in no order."""
        answers = []
        threads = [threading.Thread(target=lambda m=m: answers.append(self.tell(m)))
                   for m in messages]
        for thread in threads:
            thread.start()
        return threads, answers

    def failures(self, reason):
        return self.metrics().get('waymark_webhook_signature_failures_total'
                                  '{source="topic",reason="%s"}' % reason, 0)


@tap.test
def a_notification_is_believed():
    with Sns() as door:
        message = door.amazon.message()
        tap.equal(door.tell(message).status, 200, "believed")
        event = json.loads(door.stored()[0])
        tap.equal((event["event"], event["userId"], event["properties"]["text"]),
                  ("Note", "u1", "é"), "what it says")
        tap.equal(door.tell(door.amazon.message(Subject="Hello", version="1")).status, 200,
                  "with a subject, by SHA-1")
        tap.equal(len(door.amazon.targets), 1, "one certificate for both")
        for name, old, new in (("Message", "u1", "u2"), ("MessageId", "22b8", "22b9"),
                               ("Timestamp", ".000Z", ".001Z")):
            answer = door.tell({**message, name: message[name].replace(old, new)})
            tap.equal((answer.status, answer.json()["code"]), (401, "wrong_signature"), name)
        other, key = door.amazon.lab.certificate("sns.us-east-1.amazonaws.com")
        tap.ok(other, "another key")
        tap.equal(door.tell(door.amazon.message(key=key)).json()["code"], "wrong_signature",
                  "signed by another key")
        tap.equal(len(door.stored()), 2, "nothing of those in the log")


@tap.test
def nothing_is_fetched_for_strangers():
    with Sns() as door:
        rows = [("bad_cert_url", {"SigningCertURL": "https://evil.example/a.pem"}),
                ("bad_cert_url", {"SigningCertURL": "https://127.0.0.1/a.pem"}),
                ("bad_cert_url", {"SigningCertURL": CERT.replace("https", "http")}),
                ("bad_cert_url", {"SigningCertURL": "https://%s@evil.example/a.pem" % HOST}),
                ("bad_cert_url", {"SigningCertURL": "https://sns.evil.example/.amazonaws.com/a.pem"}),
                ("bad_cert_url", {"SigningCertURL": CERT.replace(HOST, HOST + ":8443")}),
                ("bad_cert_url", {"SigningCertURL": CERT.replace(HOST, HOST + ".evil.example")}),
                ("bad_cert_url", {"SigningCertURL": CERT.replace("sns.", "s3.")}),
                ("wrong_topic", {"TopicArn": TOPIC + "2"}),
                ("missing_header", {"SigningCertURL": CERT, "Signature": ""})]
        for code, members in rows:
            message = {**door.amazon.message(**members), **members}
            answer = door.tell(message)
            tap.equal((answer.status, answer.json()["code"]), (401, code), str(members))
        tap.equal(door.amazon.server.connections, 0, "connections")


@tap.test
def a_subscription_is_confirmed_once():
    with Sns() as door:
        message = door.amazon.confirmation()
        tap.equal(door.tell(message).status, 200, "confirmed")
        tap.equal(door.amazon.targets, ["/" + CERT.rpartition("/")[2],
                                        CONFIRM[len("https://" + HOST):]], "asked for")
        tap.equal(door.tell(message).status, 200, "delivered again")
        tap.equal(len(door.amazon.targets), 2, "not confirmed again")
        tap.ok("Confirmed a subscription" in door.collector.log(), "said")
        forged = dict(message, SubscribeURL=CONFIRM + "2")
        tap.equal(door.tell(forged).status, 401, "another address than what was signed")
        elsewhere = door.amazon.confirmation(SubscribeURL="https://evil.example/?Action=x")
        tap.equal(door.tell(elsewhere).status, 401, "signed, and not at Amazon's")
        end = door.amazon.confirmation("UnsubscribeConfirmation", Token="3")
        tap.equal(door.tell(end).status, 200, "the end of a subscription is taken")
        tap.equal(len(door.amazon.targets), 2, "and confirmed to nobody")
        tap.equal(door.stored(), [], "none of it is an event")


@tap.test
def what_cannot_be_fetched_is_asked_for_again():
    with Sns() as door:
        page = "/" + CERT.rpartition("/")[2]
        good = door.amazon.pages.pop(page)
        answer = door.tell(door.amazon.message())
        tap.equal(answer.status, 503, "no certificate")
        tap.ok(int(answer.fields["retry-after"]) >= 1, "when to come back")
        tap.equal(door.failures("not_fetched"), 1, "counted")
        tap.ok("Cannot fetch" in door.collector.log(), "said")
        door.amazon.pages[page] = response(b"not a certificate")
        tap.equal(door.tell(door.amazon.message()).json()["code"], "bad_cert", "no certificate at all")
        door.amazon.pages[page] = response(b"")
        tap.equal(door.tell(door.amazon.message()).json()["code"], "bad_cert", "an empty one")
        door.amazon.pages[page] = good
        tap.equal(door.tell(door.amazon.message()).status, 200, "later it is there")
        target = CONFIRM[len("https://" + HOST):]
        door.amazon.pages[target] = response(status="500 Internal Server Error")
        tap.equal(door.tell(door.amazon.confirmation()).status, 503, "not confirmed")
        door.amazon.pages[target] = response(status="302 Found", fields=["Location: " + CERT])
        tap.equal(door.tell(door.amazon.confirmation()).status, 503, "a redirect")
        door.amazon.pages[target] = response(b"<ok/>")
        tap.equal(door.tell(door.amazon.confirmation()).status, 200, "confirmed later")
        tap.equal(len(door.stored()), 1, "one event")


@tap.test
def requests_wait_together_and_not_for_ever():
    with Sns() as door:
        door.amazon.gate.clear()
        threads, answers = door.tell_many([door.amazon.message(MessageId=str(n))
                                           for n in range(70)])
        harness.wait_until(lambda: len(answers) == 6, "those beyond 64 are sent away")
        tap.equal({a.status for a in answers}, {503}, "to come back")
        tap.equal(door.collector.status_of("/readyz"), 200, "others are served meanwhile")
        door.amazon.gate.set()
        for thread in threads:
            thread.join()
        tap.equal(sorted(a.status for a in answers), [200] * 64 + [503] * 6, "answers")
        tap.equal(len(door.amazon.targets), 1, "fetched once")
        tap.equal(len(door.stored()), 64, "events")


@tap.test
def silence_ends_after_five_seconds():
    with Sns() as door:
        door.amazon.gate.clear()
        began = time.monotonic()
        threads, answers = door.tell_many([door.amazon.message()])
        harness.wait_until(lambda: len(door.amazon.targets) == 1, "asked")
        threads[0].join()
        tap.equal(answers[0].status, 503, "come back")
        tap.ok(4.5 < time.monotonic() - began < 8, "after five seconds")
        door.amazon.gate.set()
        tap.equal(door.tell(door.amazon.message()).status, 200, "then it is there")
        tap.equal(door.collector.terminate(), 0, "ends")


@tap.test
def a_stop_answers_those_that_wait():
    with Sns() as door:
        door.amazon.gate.clear()
        threads, answers = door.tell_many([door.amazon.message()])
        harness.wait_until(lambda: len(door.amazon.targets) == 1, "asked")
        door.collector.signal(15)
        time.sleep(0.1)
        door.amazon.gate.set()
        threads[0].join()
        tap.equal(answers[0].status, 200, "kept")
        tap.equal(door.collector.wait(), 0, "ends")
        tap.equal(len(door.stored()), 1, "in the log")


@tap.test
def amazon_must_prove_who_it_is():
    with Sns(host="evil.example") as door:
        tap.equal(door.tell(door.amazon.message()).status, 503, "the certificate of another host")
        tap.equal(door.amazon.targets, [], "nothing was asked of it")


@tap.test
def strangers_cannot_make_us_hammer():
    with Sns() as door:
        messages = [door.amazon.message(SigningCertURL=CERT.replace(".pem", "%d.pem" % n))
                    for n in range(60)]
        for message in messages:
            tap.equal(door.tell(message).status, 503, message["SigningCertURL"])
        tap.ok(len(door.amazon.targets) < 60, "%d fetches" % len(door.amazon.targets))
        harness.wait_until(lambda: door.tell(door.amazon.message()).status == 200, "the real one")


if __name__ == "__main__":
    tap.run()
