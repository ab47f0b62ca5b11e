"""Mail in all its wrappings: the messages, the postings among them, and the series that is taken."""

from __future__ import annotations

import gzip
from base64 import b64encode
from email.message import EmailMessage
from pathlib import Path
from quopri import encodestring

import pytest

from verify.errors import InputError
from verify.source.mail import Mail, mails
from verify.source.postings import diff_in, newest_whole, postings, subject_of
from verify.source.series import read_series

DIFF = "diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,2 @@\n \tint a;\n-\tint b = {old};\n+\tint b = {new};\n"


def diff(number: int) -> str:
    return DIFF.format(old=number - 1, new=number)


def mail(subject: str, body: str = "", date: str = "2026-01-01 10:00") -> Mail:
    return Mail(subject, date, body)


def patch_mail(number: int, total: int, version: str = "", date: str = "2026-01-01 10:00", value: int = 0) -> Mail:
    return mail(f"[PATCH{version} {number}/{total}] step {number}", f"Why.\n---\n f.c | 2 +-\n\n{diff(value or number)}-- \n2.47\n",
                date)


def mbox(*parts: tuple[str, str, str, bytes]) -> bytes:
    """(subject, date, encoding, body) as one file."""
    return b"".join(
        f"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: A <a@b>\nSubject: {subject}\nDate: {date}\nMessage-ID: <{n}@b>\n"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n".encode()
        + body.rstrip(b"\n") + b"\n\n" for n, (subject, date, encoding, body) in enumerate(parts))


@pytest.mark.parametrize(("text", "said"), [
    ("[PATCH 2/3] KVM: a", ("KVM: a", 1, 2, 3)),
    ("[PATCH v4 02/13] KVM: [x] a", ("KVM: [x] a", 4, 2, 13)),
    ("[list] [RFC PATCH net-next v2 0/9] a", ("a", 2, 0, 9)),
    ("[PATCHv3 1/1] a", ("a", 3, 1, 1)),
    ("[PATCH 3/2] a", ("a", 1, None, None)),
    ("[RESEND PATCH] a", ("a", 1, None, None)),
    ("[PATCH 6.12.y] a v9", ("a v9", 1, None, None)),
])
def test_what_a_subject_says(text: str, said: tuple[str, int, int | None, int | None]) -> None:
    found = subject_of(text)
    assert (found.title, found.version, found.number, found.total) == said
    assert found.is_patch
    assert not found.is_reply
    assert subject_of(f"Re: {text}").is_reply


def test_a_subject_without_the_word_is_none() -> None:
    assert not subject_of("[GIT PULL] a").is_patch
    assert not subject_of("KVM: a PATCH").is_patch


def test_a_diff_begins_with_its_header_and_ends_at_the_signature() -> None:
    assert diff_in(patch_mail(1, 1).body) == diff(1)
    assert diff_in("> diff --git a/f b/f\n> @@ -1 +1 @@\n") == ""


def test_a_removed_line_that_looks_like_a_signature_stays() -> None:
    text = "--- a/f.c\n+++ b/f.c\n@@ -1,2 +1 @@\n-- \n keep\n"
    assert diff_in(text) == text


@pytest.mark.parametrize("encode", [
    lambda body: ("8bit", body), lambda body: ("base64", b64encode(body)),
    lambda body: ("quoted-printable", encodestring(body)),
])
def test_an_mbox_is_read_whatever_its_encoding(encode: object) -> None:
    bodies = [f"Größe.\n\n>From here on.\n{diff(number)}-- \n2.47\n".encode() for number in (2, 1)]
    assert callable(encode)
    data = mbox(*((f"[PATCH v2 {number}/2] =?utf-8?q?gr=C3=B6=C3=9Fer?=", "Thu, 01 Jan 2026 12:00:00 +0200", *encode(body))
                  for number, body in zip((2, 1), bodies, strict=True)))
    for given in (data, gzip.compress(data), data.replace(b"\n", b"\r\n")):
        found = mails("m", given)
        assert [one.subject for one in found] == ["[PATCH v2 2/2] größer", "[PATCH v2 1/2] größer"]
        assert found[0].date == "2026-01-01 10:00"
        assert found[0].identity == "<0@b>"
        posting, said = newest_whole("m", found)
        assert [posting.patches[number].diff for number in (1, 2)] == [diff(1), diff(2)]
        assert said == []


def test_a_sentence_that_begins_with_from_is_no_new_message() -> None:
    data = mbox(("[PATCH] a", "Thu, 01 Jan 2026 12:00:00 +0000", "8bit", f"Text.\n\nFrom now on it works.\n{diff(1)}".encode()))
    (only,) = mails("m", data)
    assert "From now on" in only.body


@pytest.mark.parametrize("line", [
    b"From " + b"1" * (1 << 20) + b"\n", b"From a" + b" 00:00" * (1 << 17) + b"\n", b"From a" + b" 00:00:00" * 20 + b"\n",
])
def test_a_line_that_is_made_to_take_long_is_no_envelope(line: bytes) -> None:
    (only,) = mails("m", line * 3 + diff(1).encode())
    assert only.subject == ""
    assert diff_in(only.body) == diff(1)


@pytest.mark.parametrize("line", [
    "From a@b Thu Jan  1 00:00:00 1970", "From a@b  Thu, 01 Jan 10:00 2026 +0000", "From - Thu Jan 1 00:00:00 CET 1970",
])
def test_envelopes_of_all_kinds(line: str) -> None:
    one = f"{line}\nSubject: [PATCH {{0}}/2] a\nFrom: a@b\n\n{diff(1)}\n"
    assert [found.subject for found in mails("m", "".join(map(one.format, (1, 2))).encode())] == [
        "[PATCH 1/2] a", "[PATCH 2/2] a"]


def test_patches_may_be_attached() -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = "two patches", "a@b"
    message.set_content("Attached.\n")
    for number in (2, 1):
        text = f"From 0123456789abcdef Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: [PATCH {number}/2] step\n\n{diff(number)}"
        message.add_attachment(text.encode(), maintype="application", subtype="octet-stream", filename=f"{number}.patch")
    posting, _ = newest_whole("m", mails("m", bytes(message)))
    assert [posting.patches[number].diff for number in posting.numbers] == [diff(1), diff(2)]


def archived(*messages: tuple[str, str, str]) -> bytes:
    """A thread as a public-inbox archive shows it."""
    return ("public inbox for a@b\n help\n" + "".join(
        f"* {subject}\n  2026-01-01 10:00 [PATCH 0/2] all A\n@ {date} A\n  2026-01-02  8:00 ` B\n  0 siblings, 1 reply\n"
        f"From: A @ {date} UTC (permalink / raw)\n  To: b\n\n{body}\n^ permalink raw reply\t[flat|nested] 9+ messages\n\n"
        for subject, date, body in messages)).encode()


def test_a_thread_with_two_postings_and_quotes() -> None:
    """The first one came alone and lost its tabs; a reply quotes a patch and writes one of its own."""
    mangled = diff(1).replace("\t", " ")
    found = mails("t", archived(
        ("[PATCH 1/2] step 1", "2026-01-01  3:52", f"Why.\n{mangled}-- \n2.47\n"),
        ("Re: [PATCH 1/2] step 1", "2026-01-01  8:47", f"> {diff(1)}\nRather:\n{diff(7)}"),
        ("[PATCH 0/2] all of it", "2026-01-01  9:21", "Hello.\n"),
        ("[PATCH 1/2] step 1", "2026-01-01  9:21", f"Why.\n{diff(1)}-- \n2.47\n"),
        ("[PATCH 2/2] step 2", "2026-01-01  9:21", f"Why.\n{diff(2)}-- \n2.47\n")))
    posting, said = newest_whole("t", found)
    assert [posting.patches[number].diff for number in posting.numbers] == [diff(1), diff(2)]
    assert posting.patches[0].subject.title == "all of it"
    assert said == ["the posting of 2026-01-01 03:52 (patch 1) is left out: not whole, patch 2 of 2 missing and "
                    "its white space is mangled"]


def test_the_newest_version_is_taken_whatever_the_order() -> None:
    old = [patch_mail(number, 2) for number in (1, 2)]
    new = [patch_mail(number, 2, " v2", "2026-02-01 10:00", 10 + number) for number in (2, 1)]
    posting, said = newest_whole("m", [*new, *old])
    assert posting.version == 2
    assert posting.patches[1].diff == diff(11)
    assert said == ["the posting of 2026-01-01 10:00 (patches 1–2) is left out: v2 of 2026-02-01 10:00 is newer"]


def test_a_version_that_is_not_whole_gives_way_and_is_named() -> None:
    posting, said = newest_whole("m", [patch_mail(1, 2), patch_mail(2, 2), patch_mail(1, 3, " v2", "2026-02-01 10:00")])
    assert posting.version == 1
    assert "v2 of 2026-02-01 10:00 (patch 1) is left out: not whole, patches 2–3 of 3 missing" in said[0]


def test_a_whole_posting_that_is_mangled_gives_way() -> None:
    good = [patch_mail(number, 2) for number in (1, 2)]
    bad = [mail(one.subject, one.body.replace("\t", " "), "2026-02-01 10:00") for one in good]
    posting, said = newest_whole("m", [*good, *bad])
    assert posting.patches[1].mail is good[0]
    assert "its white space is mangled" in said[0]


@pytest.mark.parametrize("subjects", [
    ["[PATCH] fixup! step 1"], ["[RFC PATCH] how about this"], ["[PATCH v3] unrelated"],
    ["[PATCH] fixup! step 1", "[RFC PATCH] how about this"],
])
def test_a_patch_without_a_number_takes_no_series_place(subjects: list[str]) -> None:
    later = [mail(subject, diff(9), "2026-02-01 10:00") for subject in subjects]
    posting, (said,) = newest_whole("m", [patch_mail(1, 2), patch_mail(2, 2), *later])
    assert [posting.patches[number].diff for number in posting.numbers] == [diff(1), diff(2)]
    assert "is left out: unnumbered, and after a whole series with numbers" in said


def test_a_patch_without_a_number_that_became_a_series_is_older() -> None:
    posting, said = newest_whole("m", [
        mail("[PATCH] step 1", diff(9)), *(patch_mail(number, 2, "", "2026-02-01 10:00") for number in (1, 2))])
    assert posting.total == 2
    assert said == ["the posting of 2026-01-01 10:00 (patch 1) is left out: the posting of 2026-02-01 10:00 is newer"]


@pytest.mark.parametrize(("given", "said"), [
    ([patch_mail(1, 3), patch_mail(3, 3)], "patch 2 of 3 missing"),
    ([patch_mail(1, 2), mail("[PATCH 2/2] step 2", "the diff was too long for the list")], "patch 2 of 2 missing"),
    ([mail("[PATCH 0/2] cover")], "no patch in it"),
    ([mail("hello", "no diff")], "no patch in it"),
])
def test_no_whole_series(given: list[Mail], said: str) -> None:
    with pytest.raises(InputError, match=said):
        newest_whole("m", given)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_files_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    paths = [write(tmp_path, name, f"Subject: [PATCH {number}/2] step {number}\nFrom: a@b\n\n{diff(number)}")
             for name, number in (("a.patch", 2), ("b.patch", 1))]
    found = read_series(paths)
    assert [(patch.name, patch.text) for patch in found.patches] == [("1/2", diff(1)), ("2/2", diff(2))]
    assert found.notes == ("the patches are in the order of their numbers, not as they were given",)


def test_bare_patches_are_taken_as_given_and_a_folder_by_name(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write(tmp_path, f"{number}.patch", diff(number))
    write(tmp_path, "notes.txt", "nothing")
    write(tmp_path, "²1.patch", diff(3))
    assert [patch.name for patch in read_series([tmp_path]).patches] == ["²1.patch", "1.patch", "2.patch", "10.patch"]
    given = [tmp_path / "2.patch", tmp_path / "1.patch"]
    assert [patch.text for patch in read_series(given).patches] == [diff(2), diff(1)]
    assert [patch.name for patch in read_series([tmp_path / "2.patch"]).patches] == ["2.patch"]


def test_a_series_without_numbers_in_one_mbox(tmp_path: Path) -> None:
    date = "Thu, 01 Jan 2026 12:00:00 +0000"
    data = mbox(*((f"[PATCH] step {number}", date, "8bit", diff(number).encode()) for number in (1, 2)))
    found = read_series([write(tmp_path, "m.mbox", data)])
    assert [(patch.name, patch.subject, patch.text) for patch in found.patches] == [
        ("1/2", "step 1", diff(1)), ("2/2", "step 2", diff(2))]


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bcut off", b"\xff\xfe\x00", b"just words\n",
                                     b"From a@b Thu Jan  1 00:00:00 1970\n", b"Subject: =?utf-8?b?x\n\nhello\n"])
def test_what_is_no_series_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError) as refused:
        read_series([write(tmp_path, "m", content)])
    assert "\n" not in str(refused.value)


def test_a_folder_without_patches(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no patch in this folder"):
        read_series([tmp_path])


def test_two_series_of_one_size_are_told_apart_by_what_they_refer_to() -> None:
    """Sent in the same minutes; one of them to the other's readers."""
    def one(name: str, number: int, value: int) -> Mail:
        body = diff(value) if number else "Hello.\n"
        answers = (f"<{name}0@b>",) if number else ()
        return Mail(f"[PATCH {number}/2] {name}", "2026-01-01 10:00", body, f"<{name}{number}@b>", answers)

    sent = [one("a", 2, 2), one("b", 0, 0), one("a", 0, 0), one("b", 1, 11), one("a", 1, 1), one("b", 2, 12)]
    found = {posting.patches[0].subject.title: [posting.patches[number].diff for number in posting.numbers]
             for posting in postings(sent)}
    assert found == {"a": [diff(1), diff(2)], "b": [diff(11), diff(12)]}
