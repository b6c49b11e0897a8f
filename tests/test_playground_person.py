"""The playground as a person uses it: Chromium, driven by Playwright, changes a policy, sends, reads and copies."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import machine
import pytest
from engines.opening import CHROMIUM_FLAGS
from playwright import sync_api

from corswsgi import Policy
from corswsgi.demo.servers import Demo
from corswsgi.demo.visits import MAX_AGE

pytestmark = pytest.mark.once

FRONT_ENDS = ("middleware", "handler")

#: Milliseconds; far more than anything here takes.
PATIENCE = 30_000

#: By ready-made request: the verdict, the exchanges on the wire, and whether the prediction agrees.
READY_MADE = {
    "allowed": ("readable", "GET 200", "yes"),
    "not-listed": ("blocked", "GET 200", "yes"),
    "slash": (None, "", ""),  # the policy has faults, and nothing is sent
    "json": ("blocked", "preflight 204", "yes"),
    "method": ("blocked", "preflight 204", "yes"),
    "wildcard-cookies": ("blocked", "GET 200", "yes"),
    "hidden": ("readable", "GET 200", "yes"),
    "authorization": ("readable", "preflight 204, then GET 200", "no"),  # as the page says beforehand
    "redirect": ("blocked", "GET 307, then GET 200", "yes"),
    "sandbox": ("blocked", "GET 200", "yes"),
    "enforce": ("blocked", "GET 403", "yes"),
    "no-cors": ("opaque", "GET 200", "yes"),
    "patch": ("blocked", "preflight 204", "yes"),
    "walk-through-simple-get": ("readable", "GET 200", "yes"),
    "walk-through-json-post": ("readable", "preflight 204, then POST 201", "yes"),
    "walk-through-put": ("readable", "preflight 204, then PUT 200", "yes"),
    "walk-through-custom-header": ("readable", "preflight 204, then GET 200", "yes"),
    "walk-through-bearer-token": ("readable", "preflight 204, then GET 200", "yes"),
    "walk-through-exposed-header": ("readable", "GET 200", "yes"),
    "walk-through-hidden-header": ("readable", "GET 200", "yes"),
    "walk-through-error-500": ("readable", "GET 500", "yes"),
    "walk-through-refused-method": ("blocked", "preflight 204", "yes"),
    "walk-through-refused-header": ("blocked", "preflight 204", "yes"),
    "walk-through-stranger-get": ("blocked", "GET 200", "yes"),
    "walk-through-stranger-post": ("blocked", "preflight 403", "yes"),
    "walk-through-sandboxed-get": ("blocked", "GET 200", "yes"),
}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = machine.find("chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def demo(clock: Clock) -> Iterator[Demo]:
    with Demo(clock=clock) as demo:
        yield demo


class Person:
    """Somebody at the page, who does what a person can, and sees what there is to see."""

    def __init__(self, page: Any, demo: Demo) -> None:
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dismiss)
        page.goto(demo.page_url)
        page.locator("#policy-status[data-good]").wait_for()

    def _dismiss(self, dialog: Any) -> None:
        self.errors.append("a dialog")
        dialog.dismiss()

    def type(self, field: str, text: str) -> None:
        self.page.get_by_label(field).fill(text)

    def use(self, ready_made: str) -> None:
        self.page.locator("#example").select_option(ready_made)

    def policy(self) -> Policy:
        """The policy that the page offers to take along, as Python."""
        told: dict[str, Any] = {}
        exec(self.sees("#policy-text"), told)
        policy: Policy = told["policy"]
        return policy

    def send(self) -> None:
        """Press the button, and wait for what comes of it."""
        self.page.get_by_role("button", name="Send", exact=True).click()
        self.wait()

    def wait(self) -> None:
        self.page.locator("#send:not([aria-disabled])").wait_for()

    def sees(self, selector: str) -> str:
        text: str = self.page.locator(selector).inner_text()
        return text

    def judged(self, words: str) -> None:
        """Wait until the page says this of the policy."""
        self.page.locator("#policy-status", has_text=words).wait_for()

    def found_faults(self) -> None:
        """Wait until the page says that the policy has faults."""
        self.page.locator("#policy-status[data-good=no]").wait_for()

    def faults(self, option: str) -> list[str]:
        texts: list[str] = self.page.locator(f"#{option}-faults .words").all_inner_texts()
        return texts


@pytest.fixture
def person(browser: Any, demo: Demo) -> Iterator[Person]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    person = Person(context.new_page(), demo)
    yield person
    assert person.errors == []
    context.close()


def test_change_a_policy_send_and_read(person: Person, demo: Demo) -> None:
    person.send()
    assert person.sees("#verdict") == "Your script can read the answer"
    assert person.sees("#script-status") == "200"
    assert person.sees("#script-body") == '{"status": "OK"}'
    assert "content-type: application/json" in person.sees("#script-headers")
    assert person.sees("#prediction-verdict") == "✓ The same as in this browser."

    person.type("Origins that may read answers", "https://app.example.com")
    assert person.page.locator("#stale").is_visible()
    person.send()
    assert person.sees("#verdict") == "Blocked: your script gets nothing"
    # What to do about it, and nothing of enforce, which would not help.
    assert person.sees("#because") == (
        f'The origin "{demo.page_url}" is refused: it is not in allow_origins; add it there if its pages may read. '
        "There is an answer, but the browser keeps it from the script."
    )
    assert person.sees("#script-error").startswith("TypeError: Failed to fetch")
    assert not person.page.locator("#stale").is_visible()
    (row,) = person.page.locator("#wire > li").all()
    assert f"Origin: {demo.page_url}" in row.inner_text()
    assert "Access-Control-Allow-Origin: https://app.example.com" in row.inner_text()
    row.locator("summary").first.click()
    assert re.search("^User-Agent: Mozilla/", row.inner_text(), re.MULTILINE)
    assert len(person.page.locator("#why li").all()) >= 3
    assert person.sees("#prediction-verdict") == "✓ The same as in this browser."

    # As the page says: with the method on the left, the request on the right is sent.
    person.use("method")
    person.send()
    assert "PUT /orders/7 was never sent." in person.sees("#wire")
    person.type("Methods besides GET, HEAD and POST", "PUT")
    person.send()
    assert person.sees("#script-body") == '{"saved": true}'


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_each_ready_made_request(person: Person, front_end: str) -> None:
    offered = person.page.locator("#example option").evaluate_all("options => options.map(each => each.value)")
    assert offered == list(READY_MADE)
    for name, (outcome, wire, agrees) in READY_MADE.items():
        person.use(name)
        person.page.locator("#front-end").select_option(front_end)
        person.send()
        if outcome is None:
            assert "Nothing was sent" in person.sees("#playground-status"), name
            continue
        seen = [
            person.page.locator("#verdict-box").get_attribute("data-outcome"),
            person.sees("#wire-words"),
            person.page.locator("#prediction-verdict").get_attribute("data-agrees"),
        ]
        assert seen == [outcome, wire, agrees], name
        assert (person.page.locator("#differences li").count() > 0) == (name == "authorization"), name


def test_a_request_that_fetch_itself_refuses(person: Person) -> None:
    person.page.locator("#body").fill("text")
    assert "fetch() will refuse this" in person.sees("#request-faults")
    person.send()
    assert person.sees("#verdict") == "fetch() refused the request: nothing was sent"
    assert person.sees("#wire-words") == "nothing"
    assert person.sees("#prediction-verdict") == "✓ The same as in this browser."


def test_faults_appear_as_one_types_and_can_be_fixed(person: Person) -> None:
    field = person.page.get_by_label("Origins that may read answers")
    field.fill("https://one.example\nhttps://App.example.com")
    person.judged("This policy has one fault.")
    (fault,) = person.faults("allow_origins")
    assert fault.startswith('"https://App.example.com" is not an origin as browsers write it')
    assert field.get_attribute("aria-invalid") == "true"
    assert "allow_origins-faults" in field.get_attribute("aria-describedby")
    assert person.page.locator("#copy").is_disabled()
    person.page.get_by_role("button", name="Use https://app.example.com").click()
    person.judged("This policy has no faults.")
    assert field.input_value() == "https://one.example\nhttps://app.example.com"
    assert field.get_attribute("aria-invalid") is None
    assert person.faults("allow_origins") == []
    assert person.page.evaluate("document.activeElement.id") == "allow_origins"  # the button has gone

    person.type("Methods besides GET, HEAD and POST", "GET,PUT\npatch")
    person.judged("This policy has one fault.")
    assert '"patch" is not PATCH' in person.sees("#policy-status")
    person.page.get_by_role("button", name="Use GET, PUT").click()
    person.judged("This policy has no faults.")
    assert person.page.locator("#allow_methods").input_value() == "GET\nPUT\npatch"


def test_each_kind_of_field_has_its_say(person: Person) -> None:
    person.page.get_by_text("More options").click()
    person.type("Origins that may read answers", "http://app.example.com")
    person.type("How long browsers may cache a preflight", "90000")
    person.type("Status of a successful preflight", "soon")
    person.type("Other headers that a callable reads", "*")
    person.page.get_by_label("Allow cookies and other credentials").check()
    person.judged("This policy has 4 faults.")
    for option in ("allow_origins", "max_age", "preflight_status", "vary"):
        assert len(person.faults(option)) == 1, option
    person.page.get_by_label("insecure-origins").check()
    person.page.get_by_role("button", name="Use 86400").click()
    person.page.get_by_role("button", name="Use 204").click()
    person.type("Other headers that a callable reads", "X-Edition")
    person.page.get_by_label("Refuse other origins before the application sees the request").check()
    person.judged("This policy has no faults.")
    expected = Policy(
        ["http://app.example.com"],
        allow_credentials=True,
        max_age=86400,
        enforce=True,
        vary=["X-Edition"],
        dangerously_allow=["insecure-origins"],
    )
    assert person.policy() == expected
    person.type("How long browsers may cache a preflight", "")
    person.page.locator("#policy-text", has_text="max_age=None").wait_for()


def test_nothing_is_sent_under_a_faulty_policy(person: Person) -> None:
    person.type("Origins that may read answers", "www.example.com")
    person.send()
    assert person.sees("#playground-status").startswith("Nothing was sent. Fix the policy first")
    assert person.page.evaluate("document.activeElement.id") == "allow_origins"
    assert not person.page.locator("#happened").is_visible()


def test_a_query_with_names_of_the_pages_own_breaks_nothing(person: Person, demo: Demo) -> None:
    person.page.locator("#path").fill("/cost?id=5&visit=mine&item=7")
    person.send()
    assert person.sees("#verdict") == "Your script can read the answer"
    assert person.sees("#wire-words") == "GET 200"
    assert "GET /cost?id=5&visit=mine&item=7\n" in person.sees("#wire")
    person.type("Origins that may read answers", "https://app.example.com")
    person.send()
    assert person.sees("#verdict") == "Blocked: your script gets nothing"
    assert person.sees("#prediction-verdict") == "✓ The same as in this browser."


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_the_box_says_what_to_mend(person: Person, demo: Demo, front_end: str) -> None:
    def steps() -> list[str]:
        told: list[str] = person.page.locator("#why li").all_inner_texts()
        return told

    def begin(ready_made: str) -> None:
        person.use(ready_made)
        person.page.locator("#front-end").select_option(front_end)

    begin("wildcard-cookies")
    person.send()
    assert person.sees("#because").endswith(
        'name the origin in allow_origins in place of "*", and set allow_credentials to True.'
    )
    assert not any(each.startswith("Readable: ") for each in steps())
    person.type("Origins that may read answers", demo.page_url)
    person.page.get_by_label("Allow cookies and other credentials").check()
    person.send()
    assert person.sees("#verdict") == "Your script can read the answer"

    # Several faults, to be fixed at once.
    begin("json")
    person.page.locator("#method").fill("put")
    person.page.locator("#path").fill("/orders/7")
    person.page.locator("#credentials").select_option("include")
    person.send()
    assert all(f'"{each}" to allow_' in person.sees("#because") for each in ("PUT", "content-type"))
    assert "set allow_credentials to True" in person.sees("#because")
    assert "(fetch#" not in person.sees("#because")
    assert "PUT /orders/7 was never sent." in person.sees("#wire")  # as fetch writes put
    person.type("Methods besides GET, HEAD and POST", "PUT")
    person.type("Request headers that scripts may send", "Content-Type")
    person.page.get_by_label("Allow cookies and other credentials").check()
    person.send()
    assert person.sees("#script-body") == '{"saved": true}'

    begin("patch")
    person.send()
    assert person.sees("#because").endswith('the script should use "PATCH".')

    begin("authorization")
    person.send()
    assert person.sees("#because").startswith("This browser let it through.")
    assert "(fetch#" not in person.sees("#because")

    begin("redirect")
    person.page.get_by_text("Mode and redirects").click()
    person.send()
    assert "Do not allow null for that" in person.sees("#because")
    assert "null" not in "".join(each for each in steps() if "is refused" in each)
    for mode, verdict, words in [
        ("manual", "A redirect, which your script cannot read", "the script cannot read anything of it"),
        ("error", "Blocked: your script gets nothing", "makes that a failure"),
    ]:
        person.page.locator("#redirect").select_option(mode)
        person.send()
        assert person.sees("#verdict") == verdict
        assert words in person.sees("#because")
        assert words in steps()[-1]
        assert not any(each.startswith("Readable: ") for each in steps())
        assert person.sees("#prediction-verdict") == "✓ The same as in this browser."

    begin("allowed")
    person.page.locator("#method").fill("HEAD")
    person.send()
    assert "body" not in person.sees("#because")


def test_choosing_fills_in_and_can_be_done_again(person: Person) -> None:
    person.page.locator("#example").select_option("json")
    assert person.page.locator("#method").input_value() == "POST"
    person.page.locator("#method").fill("PUT")
    person.page.get_by_role("button", name="Fill in again").click()
    assert person.page.locator("#method").input_value() == "POST"
    person.send()
    assert person.sees("#wire-words") == "preflight 204"


#: What the tests below type, by field; the last is a fault.
TYPED = {
    "allow_methods": "PUT\nPATCH",
    "max_age": "7",
    "path": "/orders/7?item=1",
    "headers": "X-One: 1",
    "body": "text",
    "allow_origins": "https://App.example.com",
}


def test_a_reload_and_a_step_back_lose_nothing(person: Person, demo: Demo) -> None:
    page = person.page
    page.locator("#example").select_option("method")
    page.get_by_text("More options").click()
    for field, text in TYPED.items():
        page.locator(f"#{field}").fill(text)
    page.locator("#sender").select_option("stranger")
    page.locator("#front-end").select_option("handler")
    page.get_by_label("Allow cookies and other credentials").check()
    page.locator("[value=public-suffixes]").check()

    def look() -> None:
        person.judged("This policy has one fault.")
        assert {field: page.locator(f"#{field}").input_value() for field in TYPED} == TYPED
        chosen = [page.locator(f"#{each}").input_value() for each in ("example", "sender", "front-end", "method")]
        assert chosen == ["method", "stranger", "handler", "PUT"]
        assert page.locator("#allow_credentials").is_checked()
        assert page.locator("[value=public-suffixes]").is_checked()
        assert not page.locator("[value=insecure-origins]").is_checked()
        assert page.locator("#enforce").is_checked() is False
        assert "GET, HEAD and POST need not be listed" in person.sees("#example-words")
        assert "/orders/7?item=1" in (page.locator("#request-text").text_content() or "")

    page.reload()
    look()
    page.goto(f"{demo.page_url}/config.json")
    page.go_back()
    look()
    # Another tab has forms of its own.
    other = Person(page.context.new_page(), demo)
    assert other.page.locator("#method").input_value() == "GET"


@pytest.mark.parametrize("kept", ["{", "3", "null", '{"method": 3, "allow_credentials": "x", "sender": "nobody"}'])
def test_what_was_kept_is_not_trusted(person: Person, kept: str) -> None:
    person.page.evaluate("kept => sessionStorage.setItem('playground', kept)", kept)
    person.page.reload()
    person.judged("This policy has no faults.")
    assert person.page.locator("#method").input_value() == "GET"
    assert person.page.locator("#sender").input_value() == "page"
    assert not person.page.locator("#allow_credentials").is_checked()
    person.send()
    assert person.sees("#verdict") == "Your script can read the answer"


def test_what_is_kept_is_bounded(person: Person) -> None:
    page = person.page
    page.locator("#body").fill("a" * 1000)
    assert 1000 < page.evaluate("sessionStorage.getItem('playground').length") < 3000
    page.locator("#body").fill("a" * 65536)
    assert page.evaluate("sessionStorage.getItem('playground')") is None


def test_where_the_browser_keeps_nothing_the_page_works(browser: Any, demo: Demo) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('no'); } })")
    person = Person(page, demo)
    person.use("json")
    person.send()
    assert person.sees("#wire-words") == "preflight 204"
    assert person.errors == []
    context.close()


def test_a_request_that_fails_leaves_no_old_verdict_standing(person: Person) -> None:
    person.send()
    assert not person.page.locator("#stale").is_visible()
    person.page.route("**/playground/*", lambda route: route.abort())
    person.send()
    assert person.sees("#playground-status").startswith("The demo's server did not answer")
    assert person.sees("#stale").startswith("This is the result of an earlier request.")
    person.type("Origins that may read answers", "*")
    person.page.locator("#policy-status", has_text="did not answer").wait_for()
    assert person.sees("#policy-text") == "# the server has not checked this policy"
    assert person.page.locator("#copy").is_disabled()
    person.page.unroute("**/playground/*")
    person.type("Origins that may read answers", "www.example.com")
    person.judged("This policy has one fault.")
    assert person.sees("#policy-text") == "# fix the policy first"
    person.send()
    assert person.sees("#stale").startswith("This is the result of an earlier request.")


def test_on_a_telephone_what_went_wrong_comes_into_sight(browser: Any, demo: Demo) -> None:
    context = browser.new_context(viewport={"width": 380, "height": 800})
    person = Person(context.new_page(), demo)
    page = person.page
    page.locator("#method").fill("POST")
    page.locator("#body").fill("a" * 16385)
    # The button stands at the lower edge, and the click does not scroll. What is above it may still change its height.
    page.wait_for_function(
        """() => {
            document.getElementById("send").scrollIntoView({ block: "end", behavior: "instant" });
            return document.getElementById("happened-title").getBoundingClientRect().top >= innerHeight;
        }"""
    )
    page.evaluate("document.getElementById('send').click()")
    person.wait()
    sync_api.expect(page.locator("#playground-status")).to_be_in_viewport(ratio=1)
    assert person.sees("#playground-status").startswith("Nothing was sent: body is longer")
    for field, text in [("path", "status"), ("headers", "no colon"), ("allow_origins", "www.example.com")]:
        page.locator(f"#{field}").fill(text)
        person.send()
        sync_api.expect(page.locator(f"#{field}")).to_be_in_viewport(ratio=1)
        sync_api.expect(page.locator(f"#{field}-faults .fault").first).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.activeElement.id") == field
        page.locator("#path").fill("/status")
        page.locator("#headers").fill("")
        page.locator("#body").fill("")
    context.close()


def test_numbers_are_taken_as_they_are_typed(person: Person) -> None:
    person.page.get_by_text("More options").click()
    for typed, fault in [
        ("99999999999999999", "no browser keeps an answer for more than 86400 s"),
        ("9" * 300, "no browser keeps an answer for more than 86400 s"),
        ("1.5", "whole seconds"),
        ("9" * 400, "seconds are a number"),
        ("0x10", "seconds are a number"),
    ]:
        person.type("How long browsers may cache a preflight", typed)
        person.page.locator("#max_age-faults", has_text=fault).wait_for()
    person.type("How long browsers may cache a preflight", "600")
    person.type("Status of a successful preflight", "")  # as by default
    person.judged("This policy has no faults.")
    assert person.policy().preflight_status == 204


def test_many_faults_are_counted_and_the_rest_is_told(person: Person) -> None:
    person.type("Origins that may read answers", "\n".join(f"bad{number}" for number in range(25)))
    person.judged("This policy has 25 faults. The first 20 are shown. Fix them to see the other 5.")
    assert len(person.faults("allow_origins")) == 20


def test_half_of_a_character_is_told_or_fixed(person: Person) -> None:
    page = person.page
    half = "field => { field.value = 'a\\ud800'; field.dispatchEvent(new Event('input', { bubbles: true })); }"
    page.locator("#allow_methods").evaluate(half)
    person.judged("The text holds half of a character (a lone surrogate); delete it.")
    page.locator("#allow_methods").fill("")
    page.locator("#method").fill("POST")
    page.locator("#path").fill("/echo")
    page.locator("#body").evaluate(half)
    person.send()
    assert person.sees("#script-body") == '{"method": "POST", "body": "a\\ufffd"}'  # as fetch sends it


def test_copy(person: Person, demo: Demo) -> None:
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=demo.page_url)
    for language, begin in [("TOML", "[cors]\nallow_origins = ["), ("INI", "[cors]\nallow_origins =\n")]:
        person.page.get_by_label(language).check()
        person.page.get_by_role("button", name="Copy").click()
        person.page.locator("#copy-status", has_text="Copied.").wait_for()
        copied = person.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(begin)
        assert copied == person.page.locator("#policy-text").text_content()
    person.page.get_by_label("Python").check()
    person.page.get_by_role("button", name="Copy").click()
    person.page.locator("#copy-status", has_text="Copied.").wait_for()
    copied = person.page.evaluate("navigator.clipboard.readText()")
    assert copied == person.page.locator("#policy-text").text_content()
    assert person.policy() == Policy([demo.page_url])


def test_where_the_page_may_not_copy_the_text_is_selected(browser: Any, demo: Demo) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    person = Person(page, demo)
    page.get_by_role("button", name="Copy").click()
    page.locator("#copy-status", has_text="The text is selected").wait_for()
    assert page.evaluate("String(getSelection())").strip() == person.sees("#policy-text").strip()
    context.close()


HOSTILE = "<img src=x onerror=alert(1)>\"'></textarea><script>alert(1)</script>"


def test_what_is_typed_is_never_markup(person: Person) -> None:
    page = person.page
    page.get_by_text("More options").click()
    count = page.locator("#playground *").count()
    for field in page.locator("#policy-form textarea, #policy-form input[type=text]").all():
        field.fill(HOSTILE)
    person.found_faults()
    assert any(HOSTILE[:20] in each for each in person.faults("allow_methods"))
    assert any("onerror" in each for each in person.faults("max_age"))

    person.use("allowed")
    person.judged("no fault")
    page.locator("#path").fill("/echo?" + HOSTILE)
    page.locator("#method").fill("POST")
    page.locator("#body").fill(HOSTILE)
    person.send()
    assert "<img src=x onerror=alert(1)>" in person.sees("#script-body")
    page.locator("#method").fill(HOSTILE)
    page.locator("#headers").fill(f"{HOSTILE}\nX-One: {HOSTILE}\n{HOSTILE}: 1")
    page.locator("#path").fill(HOSTILE)
    person.send()
    assert HOSTILE in person.sees("#headers-faults")
    page.locator("#path").fill("/status")
    page.locator("#headers").fill(f"X-One: {HOSTILE}")
    person.send()
    assert person.sees("#verdict").startswith("fetch() refused")
    assert page.locator("img, script:not([src])").count() == 0
    assert page.locator("iframe").count() == 2
    assert page.locator("#playground *").count() < count + 200  # what was added is rows and lines


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "https://evil.example/", "status", "", "/%"])
def test_a_request_stays_on_the_demo(person: Person, path: str) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.page.locator("#path").fill(path)
    person.send()
    if path == "/%":
        assert person.sees("#verdict") == "Your script can read the answer"  # of a 404
    else:
        assert "begin with exactly one slash" in person.sees("#path-faults")
        assert person.page.evaluate("document.activeElement.id") == "path"
    assert not [url for url in asked if "evil" in url]


def test_requests_are_bounded(person: Person) -> None:
    person.page.locator("#method").fill("POST")
    person.page.locator("#body").fill("a" * 16385)
    person.send()
    assert person.sees("#playground-status").startswith("Nothing was sent: body is longer than 16384 characters")
    person.page.locator("#body").fill("a")
    person.type("Origins that may read answers", "a" * 17000)
    person.judged("longer than 16384 bytes")


def test_a_visit_that_has_ended_is_told_and_begins_anew(person: Person, clock: Clock) -> None:
    person.send()

    def end_visit(route: Any) -> None:
        clock.now += MAX_AGE + 1
        route.continue_()

    person.page.route("**/status?*", end_visit)
    person.send()
    assert person.sees("#playground-status").startswith("Your visit has ended")
    assert not person.page.locator("#happened").is_visible()
    person.page.unroute("**/status?*")
    person.page.get_by_role("button", name="Start a new visit and send again").click()
    person.wait()
    assert person.sees("#verdict") == "Your script can read the answer"

    clock.now += MAX_AGE + 1
    person.send()
    assert person.sees("#playground-status").startswith("Your earlier visit had ended. A new one has started")
    assert person.sees("#verdict") == "Your script can read the answer"


def test_visitors_do_not_share_a_policy(browser: Any, demo: Demo) -> None:
    context = browser.new_context()
    one, other = (Person(context.new_page(), demo) for _ in range(2))
    one.send()
    other.use("not-listed")
    other.send()
    assert other.sees("#verdict") == "Blocked: your script gets nothing"
    one.page.locator("#path").fill("/cost")
    one.send()
    assert one.sees("#verdict") == "Your script can read the answer"
    context.close()


def test_without_the_browser_in_python_the_page_says_so(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    person.send()
    assert 'pip install "corswsgi[check]"' in person.sees("#prediction-verdict")
    assert person.sees("#verdict") == "Your script can read the answer"
    assert not person.page.locator("#prediction").is_visible()


def test_a_scenario_of_the_walk_through_can_be_tried(person: Person) -> None:
    person.page.locator("html[data-done]").wait_for()
    person.page.get_by_role("button", name="Try it in the playground: Delete something").click()
    assert person.page.evaluate("document.activeElement.id") == "playground"
    assert person.page.locator("#method").input_value() == "DELETE"
    person.send()
    assert person.sees("#wire-words") == "preflight 204"


def test_with_the_keyboard_alone(person: Person) -> None:
    page = person.page
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const at = document.activeElement, style = getComputedStyle(at);"
            " return [at.id || at.textContent.trim(), style.outlineStyle, parseFloat(style.outlineWidth)]; })()"
        )
        reached.append(focused[0])
        assert focused[1] != "none", focused
        assert focused[2] >= 2, focused
        if focused[0] == "send":
            break
    wanted = ["allow_origins", "allow_methods", "allow_headers", "allow_credentials", "expose_headers", "More options"]
    wanted += ["copy", "example", "use-example", "sender", "front-end", "method", "path", "headers", "body"]
    wanted += ["credentials", "Mode and redirects", "send"]
    assert [each for each in reached if each in wanted] == wanted
    assert reached[0] == "Skip to the playground"
    page.keyboard.press("Enter")
    page.locator("#verdict", has_text="read the answer").wait_for()
    page.locator("#path").focus()
    page.keyboard.press("End")
    page.keyboard.type("-not-there")
    page.keyboard.press("Enter")
    page.locator("#script-status", has_text="404").wait_for()


#: Elements of the playground whose text does not stand out from what is behind it as WCAG 2.2 AA wants: 4.5 to 1.
FAINT = """
() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("#playground *, .top *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("[disabled], option, optgroup")) continue;
    const [one, other] = [parse(getComputedStyle(element).color), behind(element)].map(luminance);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.push([element.outerHTML.slice(0, 80), ratio]);
  }
  return faint;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1400])
def test_it_can_be_read(browser: Any, demo: Demo, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    person = Person(context.new_page(), demo)
    page = person.page

    def look() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        columns = page.locator("#playground > .column")
        boxes = columns.evaluate_all("columns => columns.map((each) => [each.offsetTop, each.offsetWidth])")
        assert (len(boxes), len({top for top, _ in boxes})) == (3, 1 if width == 1400 else 3)
        assert all(wide > 300 for _, wide in boxes)
        assert page.evaluate(FAINT) == []

    look()
    person.use("redirect")
    page.locator("#headers").fill("X-" + "long" * 60 + ": " + "value" * 60)
    person.send()
    for summary in page.locator("#playground summary").all():
        summary.click()
    look()
    if width == 380:  # the verdict has come into sight
        person.send()
        sync_api.expect(page.locator("#verdict")).to_be_in_viewport()
    page.locator("#allow_origins").fill("https://" + "App" * 90 + ".example/\n" * 3 + HOSTILE)
    page.locator("#allow_methods").fill("GET,PUT")
    person.found_faults()
    look()
    context.close()


@pytest.mark.parametrize(("width", "letters"), [(320, "100%"), (380, "200%"), (1400, "200%")])
def test_nothing_makes_the_page_scroll_sideways(browser: Any, demo: Demo, width: int, letters: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    person = Person(context.new_page(), demo)
    person.page.locator("html[data-done]").wait_for()
    person.page.evaluate("size => (document.documentElement.style.fontSize = size)", letters)
    for name in ("authorization", "slash", "redirect"):
        person.use(name)
        person.send()
        person.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert person.page.evaluate("document.documentElement.scrollWidth") == width, name
    context.close()


def test_what_is_told_as_it_comes_is_heard_from_the_first_word(person: Person) -> None:
    told = person.page.locator("[role=status], [role=alert], [aria-live]")
    hidden = "each => each.filter((one) => getComputedStyle(one).display === 'none').map((one) => one.id)"
    assert (
        person.page.locator("#notice").text_content() == person.page.locator("#playground-status").text_content() == ""
    )
    assert told.count() > 5
    assert told.evaluate_all(hidden) == []
    # What takes no room while it is empty has room for its words.
    person.use("slash")
    person.send()
    assert person.page.locator("#playground-status").bounding_box()["height"] > 10


def test_what_can_be_pressed_is_large_enough(person: Person) -> None:
    person.use("slash")
    person.found_faults()
    for pressed in person.page.locator("#playground button:visible, #playground summary:visible").all():
        assert pressed.bounding_box()["height"] >= 24, pressed.inner_text()


def test_a_fault_can_be_seen_where_people_choose_the_colours(browser: Any, demo: Demo) -> None:
    context = browser.new_context(forced_colors="active")
    person = Person(context.new_page(), demo)
    person.type("Origins that may read answers", "www.example.com")
    person.judged("This policy has one fault.")
    edges = [
        person.page.locator(f"#{field}").evaluate("field => getComputedStyle(field).borderTopStyle")
        for field in ("allow_origins", "allow_methods")
    ]
    assert edges == ["dashed", "solid"]
    context.close()
