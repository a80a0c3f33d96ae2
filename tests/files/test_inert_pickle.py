import contextlib
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scyfi_widgets.files import ModelFileError
from scyfi_widgets.files.inert_pickle import ORDERED_DICT, Call, External, Name, read_inert

NOTHING: frozenset[str] = frozenset()
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=plain, protocol=st.integers(0, 5))
@settings(max_examples=200, deadline=None)
def test_plain_values_read_as_python_reads_them(value, protocol):
    pickled = pickle.dumps(value, protocol)
    read = read_inert(pickled, NOTHING)
    assert read == value
    assert repr(read) == repr(value)  # tells True from 1, and -0.0 from 0.0


@given(noise=st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_noise_raises_only_harmless_exceptions(noise):
    with contextlib.suppress(ValueError, KeyError, OverflowError):
        read_inert(b"\x80\x02" + noise + b".", frozenset({ORDERED_DICT}))


def test_names_calls_and_references_stay_records():
    pickled = b"\x80\x02(cos\nsystem\n)Rcos\nsystem\nK\x05Qt."
    call, name, external = read_inert(pickled, frozenset({"os system"}))
    assert isinstance(call, Call)
    assert (call.function, call.arguments) == ("os system", ())
    assert isinstance(name, Name)
    assert isinstance(external, External)
    assert external.identity == 5


def test_refused_name_is_told_and_shortened():
    with pytest.raises(ModelFileError, match=r"'os\.system'.*nothing was run"):
        read_inert(b"cos\nsystem\n.", NOTHING)
    with pytest.raises(ModelFileError) as error:
        read_inert(b"c" + b"m" * 10_000 + b"\nname\n.", NOTHING)
    assert len(str(error.value)) < 300


def test_allowed_names_are_matched_whole():
    for pickled in (b"cos\nsystem.x\n.", b"cos.system\nx\n.", b"cos\nsys\n.", b"cOS\nsystem\n."):
        with pytest.raises(ModelFileError, match="which has no place among weights"):
            read_inert(pickled, frozenset({"os system"}))
