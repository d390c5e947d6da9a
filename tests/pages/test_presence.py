"""A blip of the network ends nothing; the last visitor leaving for good does."""

import threading

from pages.parts.presence import Presence


def presence(pause):
    ended, event = [], threading.Event()

    def end(owner):
        ended.append(owner)
        event.set()

    return Presence(end, pause), ended, event


def test_work_ends_when_the_last_one_has_left():
    here, ended, event = presence(0.01)
    here.enter("team")
    here.enter("team")
    here.leave("team")
    assert not ended
    here.leave("team")
    assert event.wait(5)
    assert ended == ["team"]


def test_who_comes_back_in_time_finds_the_work_going_on():
    here, ended, event = presence(0.2)
    here.enter("team")
    here.leave("team")
    here.enter("team")
    assert not event.wait(0.4)
    assert not ended


def test_owners_do_not_affect_each_other():
    here, ended, event = presence(0.01)
    here.enter("mine")
    here.enter("yours")
    here.leave("yours")
    assert event.wait(5)
    assert ended == ["yours"]
