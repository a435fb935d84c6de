"""Someone at a screen, in a real browser."""

from playwright.sync_api import Page, expect

from tdm import teaching

TOLD_TO_THE_USER = ("status of 4", "Error Code 401", "htmx:", "net::ERR_FAILED")

PATIENCE = 100
"""So often, every 50 ms, a page is waited for at its end."""


class Person:
    """Someone at a screen, who counts clicks and fields and notices what breaks."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.clicks = self.fields = 0
        self.trouble: list[str] = []
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", self.listen)
        self.asked = 0
        page.on("request", lambda _request: self.count(1))
        page.on("requestfinished", lambda _request: self.count(-1))
        page.on("requestfailed", lambda _request: self.count(-1))

    def count(self, change: int) -> None:
        self.asked += change

    def leaves(self) -> None:
        """Wait for what the page still asks, so that the database is left alone."""
        for _each in range(PATIENCE):
            if self.asked <= 0:
                return
            self.page.wait_for_timeout(50)

    def listen(self, message: object) -> None:
        text = getattr(message, "text", "")
        told = any(words in text for words in TOLD_TO_THE_USER)
        if getattr(message, "type", "") == "error" and not told:
            self.trouble.append(text)

    def signs_in(self, username: str) -> None:
        self.page.goto(f"{self.address}/sign-in/")
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(teaching.PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def click(self, name: str, role: str = "button") -> None:
        self.clicks += 1
        exact = role == "button"
        found = self.page.get_by_role(role, name=name, exact=exact)  # type: ignore[arg-type]
        found.first.click()

    def types(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()
