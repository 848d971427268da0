from datetime import UTC, date, datetime, timedelta

from peerhall.exchange.house_rules import HouseRules


def test_the_day_is_that_of_the_exchanges_zone() -> None:
    evening = datetime(2026, 9, 1, 22, 30, tzinfo=UTC)
    assert HouseRules("exchange", "Example").today(evening) == date(2026, 9, 1)
    assert HouseRules("exchange", "Example", timezone="Europe/Berlin").today(evening) == date(2026, 9, 2)


def test_settings_of_other_versions_are_read_as_far_as_they_are_known() -> None:
    rules = HouseRules.from_setting(
        {
            "account": "exchange",
            "name": "Example",
            "cooldown_days": 1,
            "account_required_roles": ["noc"],
            "colour": "red",
        }
    )
    assert rules == HouseRules("exchange", "Example", cooldown_days=1, account_required_roles=("noc",))
    assert rules.cooldown == timedelta(days=1)
