"""What a process is to its operating system."""

import gc

from app.cli.process import keep_what_is_loaded


def test_what_is_loaded_is_looked_at_for_garbage_no_more():
    """What comes later is."""
    gc.unfreeze()
    try:
        keep_what_is_loaded()
        kept = gc.get_freeze_count()
        later = [object()]

        assert kept > 10_000
        assert any(each is later for each in gc.get_objects())
        assert not any(each is gc.__dict__ for each in gc.get_objects())
    finally:
        gc.unfreeze()
