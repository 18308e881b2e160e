"""The environment of an installation: every fault is named at once, secrets come from files, the key is made once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from furka.config.env import Env, WrongEnvironment
from tests.together import none_failed, side_by_side


def faults(**environ: str) -> list[str]:
    """What is wrong with these variables."""
    with pytest.raises(WrongEnvironment) as error:
        Env.read(environ)
    return str(error.value).split("; ")


def test_empty_environment_is_an_installation_of_its_own(tmp_path: Path) -> None:
    env = Env.read({"HOME": "/root", "PATH": "/bin"})

    assert (env.home, env.database_url, env.url, env.behind_proxy) == (
        Path("var"),
        "",
        "http://127.0.0.1:8000",
        False,
    )


def test_every_fault_is_named_at_once() -> None:
    found = faults(
        FURKA_URL="portal.example.org",
        FURKA_DATABASE_URL="mysql://x",
        FURKA_MAIL_URL="http://mail",
        FURKA_BEHIND_PROXY="maybe",
        FURKA_LOG_LEVEL="LOUD",
        FURKA_SECRET_KEY_FILE="/nowhere/key",
        FURKA_IDENTITY_NETWORKS="10.1.2.0/24, 169.254.169.254/32",
        FURKA_MAIL_FORM="typo",
    )

    assert [fault.split()[0] for fault in found] == [
        "FURKA_MAIL_FORM",
        "FURKA_SECRET_KEY_FILE",
        "FURKA_BEHIND_PROXY",
        "FURKA_URL",
        "FURKA_DATABASE_URL",
        "FURKA_LOG_LEVEL",
        "FURKA_MAIL_URL",
        "FURKA_IDENTITY_NETWORKS",
    ]


@pytest.mark.parametrize(
    "name", ["FURKA_UNKNOWN", "FURKA_UNKNOWN_FILE", "FURKA_", "FURKA_url", "FURKA_URL_FILE_FILE"]
)
def test_unknown_variable_is_a_fault(name: str) -> None:
    assert faults(**{name: "x"}) == [f"{name} is not a setting"]


@pytest.mark.parametrize("name", ["FURKA_HUB_TOKEN", "FURKA_GATEWAY_HOME", "FURKA_TEST_X", "furka_url"])
def test_variables_of_other_programs_are_left_alone(name: str) -> None:
    assert Env.read({name: "x"}) == Env()


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s" * 40 + "\n")
    (tmp_path / "database").write_text("postgresql://furka:geheim@db/furka\n")
    env = Env.read(
        {
            "FURKA_SECRET_KEY_FILE": str(tmp_path / "key"),
            "FURKA_DATABASE_URL_FILE": str(tmp_path / "database"),
            "FURKA_HOME": str(tmp_path / "home"),
        }
    )

    assert env.kept_secret_key() == "s" * 40
    assert env.database_url == "postgresql://furka:geheim@db/furka"
    assert not (tmp_path / "home").exists()


def test_variable_and_file_at_once_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://a.example.org")

    found = faults(FURKA_URL="https://b.example.org", FURKA_URL_FILE=str(tmp_path / "url"))

    assert found == ["FURKA_URL and FURKA_URL_FILE are both set"]


def test_faults_name_no_secret(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("oracle://furka:geheim@db/furka")

    text = "; ".join(
        faults(
            FURKA_DATABASE_URL_FILE=str(tmp_path / "database"),
            FURKA_MAIL_URL="imap://furka:geheim@mail",
            FURKA_SECRET_KEY_FILE="/nowhere/geheim-file",
        )
    )

    assert "geheim" not in text


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("True", True), ("1", True), ("no", False), ("0", False)]
)
def test_yes_and_no_are_said_in_three_ways(text: str, value: bool) -> None:
    assert Env.read({"FURKA_BEHIND_PROXY": text}).behind_proxy == value


def test_mails_are_shown_to_this_machine_only() -> None:
    assert faults(FURKA_OUTBOX_PAGE="yes", FURKA_URL="https://portal.example.org") != []
    assert faults(FURKA_OUTBOX_PAGE="yes", FURKA_MAIL_URL="smtp://mail") != []
    assert Env.read({"FURKA_OUTBOX_PAGE": "yes"}).outbox_page


def test_secret_key_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    env = Env(home=tmp_path / "home")
    key = env.kept_secret_key()

    assert Env(home=tmp_path / "home").kept_secret_key() == key
    assert len(key) >= 60
    assert stat.S_IMODE((tmp_path / "home" / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret.key"]


def test_programs_that_begin_together_get_the_same_key(tmp_path: Path) -> None:
    for number in range(30):
        home = tmp_path / str(number)
        keys = none_failed(side_by_side([Env(home=home).kept_secret_key] * 6))

        assert set(keys) == {(home / "secret.key").read_text()}
        assert [path.name for path in home.iterdir()] == ["secret.key"]


def test_empty_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("")

    with pytest.raises(WrongEnvironment):
        Env(home=tmp_path).kept_secret_key()
