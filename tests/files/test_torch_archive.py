import contextlib
import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError, read_arrays

A, W, h = np.array([0.5, -0.25]), np.array([[0.0, 1.5], [-2.0, 0.25]]), np.array([1.0, -1.0])


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1"])
@pytest.mark.parametrize("compress", [False, True])
def test_every_storage_type(write, torch_format, dtype, compress):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    path = write("net.pt", torch_format.file({"x": values}, compress=compress))
    read = read_arrays(path)["x"]
    assert read.dtype == values.dtype
    assert np.array_equal(read, values)


def test_bfloat16_and_bool(write, torch_format):
    numbers = np.array([1.0, -2.5, 3e38, 1e-40, -0.0, np.inf], np.float32)
    upper = (numbers.view(np.uint32) >> 16).astype("<u2")
    t = torch_format
    body = t.dictionary(
        {
            "b": t.tensor("0", "BFloat16Storage", 6, size=(6,), stride=(1,)),
            "c": t.tensor("1", "BoolStorage", 2, size=(2,), stride=(1,)),
        }
    )
    arrays = read_arrays(write("net.pt", t.archive(body, {"0": upper.tobytes(), "1": b"\0\1"})))
    expected = (upper.astype(np.uint32) << 16).view(np.float32)
    assert arrays["b"].tobytes() == expected.tobytes()
    assert arrays["c"].tolist() == [0, 1]


def test_views_of_one_storage(write, torch_format):
    storage = np.arange(12.0)
    t = torch_format

    def view(**shape):
        return t.tensor("0", "DoubleStorage", 12, **shape)

    views = {
        "whole": view(size=(3, 4), stride=(4, 1)),
        "transposed": view(size=(4, 3), stride=(1, 4)),
        "diagonal": view(size=(3,), stride=(5,)),
        "tail": view(size=(2,), stride=(1,), offset=10),
        "repeated": view(size=(2, 3), stride=(0, 1)),
        "scalar": view(size=(), stride=(), offset=7),
        "none": view(size=(0, 4), stride=(4, 1)),
    }
    archive = t.archive(t.dictionary(views), {"0": storage.tobytes()})
    arrays = read_arrays(write("net.pt", archive))
    square = storage.reshape(3, 4)
    expected = {
        "whole": square,
        "transposed": square.T,
        "diagonal": np.diagonal(square),
        "tail": storage[10:],
        "repeated": np.tile(storage[:3], (2, 1)),
        "scalar": np.array(7.0),
        "none": np.empty((0, 4)),
    }
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        assert arrays[name].shape == array.shape
        assert np.array_equal(arrays[name], array)


@pytest.mark.parametrize(("order", "code"), [("little", "<"), ("big", ">")])
def test_byte_order(write, torch_format, order, code):
    t = torch_format
    body = t.dictionary({"x": t.tensor("0", "FloatStorage", 3, size=(3,), stride=(1,))})
    raw = np.array([1.5, -2.0, 3.25], code + "f4").tobytes()
    path = write("net.pt", t.archive(body, {"0": raw}, byteorder=order))
    assert read_arrays(path)["x"].tolist() == [1.5, -2.0, 3.25]


def test_parameters_nesting_and_what_is_no_tensor(write, torch_format):
    t = torch_format
    storages = {"0": W.tobytes()}
    weight = t.parameter(t.tensor("0", "DoubleStorage", 4, size=(2, 2), stride=(2, 1)))
    inner = t.dictionary({"W": weight, "epoch": t.whole(7), "name": t.text("net")})
    body = t.dictionary(
        {"state": inner, "losses": b"](G?\xe0\0\0\0\0\0\0e", "none": b"N", "yes": b"\x88"},
        ordered=False,
    )
    arrays = read_arrays(write("net.pt", t.archive(body, storages)))
    assert list(arrays) == ["state.W"]
    assert np.array_equal(arrays["state.W"], W)


def test_metadata_of_a_state_dict_is_dropped(write, torch_format):
    t = torch_format
    storages: dict[str, bytes] = {}
    body = t.values({"x": W}, storages)
    body += b"}" + t.text("_metadata") + t.ORDERED_DICT + b"sb"
    assert list(read_arrays(write("net.pt", t.archive(body, storages)))) == ["x"]


def storage_of(t, **changes):
    given = {"key": "0", "kind": "DoubleStorage", "count": 4, "size": (2, 2), "stride": (2, 1)}
    given |= changes
    return t.tensor(given.pop("key"), given.pop("kind"), given.pop("count"), **given)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 5}, "needs 5 elements, and the entry data/0 has 4"),
        ({"count": 1 << 60}, "needs 1,152,921"),
        ({"count": -1}, "storage without a valid size"),
        ({"size": (3, 2)}, "reaches to element 5 of a storage that has 4"),
        ({"offset": 1}, "reaches to element 4"),
        ({"offset": -1}, "no valid shape, strides and offset"),
        ({"stride": (-2, 1)}, "no valid shape"),
        ({"size": (-2, 2)}, "no valid shape"),
        ({"size": (2,)}, "1 dimensions and 2 strides"),
        ({"size": (1,) * 9, "stride": (1,) * 9}, "9 dimensions"),
        ({"size": (1 << 20, 1 << 20), "stride": (0, 0)}, "more than 33,554,432 elements"),
        ({"size": (0, 1 << 40), "stride": (0, 0)}, "more than 33,554,432 elements"),
        ({"size": (1 << 62, 1 << 62), "stride": (0, 0)}, "more than"),
        ({"stride": (1 << 62, 1 << 62)}, "reaches to element"),
        ({"key": "9"}, "no entry 'net/data/9'"),
        ({"key": "../../etc/passwd"}, "no entry"),
        ({"storage": b"N"}, "something that is not a storage"),
        ({"storage": b"K\x07Q"}, "something that is not a storage"),
        ({"storage": b"(X\x06\0\0\0moduleNNNNtQ"}, "something that is not a storage"),
        ({"storage": b"(X\x07\0\0\0storageNNNNtQ"}, "storage of unknown type"),
    ],
)
def test_tensors_that_lie(write, torch_format, changes, message):
    t = torch_format
    body = t.dictionary({"x": storage_of(t, **changes)})
    with pytest.raises(ModelFileError, match=message):
        read_arrays(write("net.pt", t.archive(body, {"0": bytes(32)})))


def test_many_views_cannot_add_up_to_too_much(write, torch_format):
    t = torch_format
    wide = storage_of(t, size=(1 << 23,), stride=(0,))
    body = t.dictionary({f"x{i}": wide for i in range(5)})
    with pytest.raises(ModelFileError, match="more than 33,554,432 elements"):
        read_arrays(write("net.pt", t.archive(body, {"0": bytes(32)})))


def test_zip_bomb(write, torch_format, monkeypatch):
    monkeypatch.setattr("scyfi_widgets.files.zip_entries.MAX_TOTAL_BYTES", 1 << 20)
    contents = torch_format.file({"x": np.zeros(1 << 18)}, compress=True)
    assert len(contents) < 10_000
    with pytest.raises(ModelFileError, match="the archive unpacks to"):
        read_arrays(write("net.pt", contents))


def test_long_pickle(write, torch_format):
    body = b"]" + b"N0" * (1 << 21)
    with pytest.raises(ModelFileError, match="its pickle has 4,"):
        read_arrays(write("net.pt", torch_format.archive(body, {}, compress=True)))


def test_entries_that_are_odd(write, torch_format):
    t = torch_format
    whole = t.file({"A": A, "W": W, "h": h})
    with pytest.raises(ModelFileError, match="TorchScript"):
        read_arrays(
            write(
                "net.pt",
                t.file(
                    {"A": A},
                    **{
                        "constants.pkl": b"\x80\x02).",
                    },
                ),
            )
        )
    with pytest.raises(ModelFileError, match="byte order is b'middle'"):
        read_arrays(write("net.pt", t.file({"A": A}, byteorder="middle")))
    with pytest.raises(ModelFileError, match=r"one data\.pkl, this has 2"):
        read_arrays(write("net.pt", t.file({"A": A}, **{"inner/data.pkl": b"\x80\x02}."})))
    damaged = bytearray(whole)
    damaged[whole.index(W.tobytes())] ^= 1
    with pytest.raises(ModelFileError, match="CRC"):
        read_arrays(write("net.pt", bytes(damaged)))


# Hostile pickles ---------------------------------------------------------------------------------


class Runs:
    """Pickles to a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class SetsState:
    def __reduce__(self):
        return (type(self), (), {"x": 1})


def deep(opening: bytes, closing: bytes, depth: int) -> bytes:
    return opening * depth + closing * depth


T2 = b"ctorch._utils\n_rebuild_tensor_v2\n"
OD = b"ccollections\nOrderedDict\n"
HOSTILE = {
    "global eval": b"cbuiltins\neval\n(X\x04\0\0\0trapt" + b"R",
    "global python 2": b"c__builtin__\neval\n(X\x04\0\0\0traptR",
    "global posix": b"cposix\nsystem\n(X\x04\0\0\0traptR",
    "stack global": b"X\x08\0\0\0builtinsX\x04\0\0\0eval\x93(X\x04\0\0\0traptR",
    "stack global of no text": b"KaKb\x93",
    "dotted name": b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n)R",
    "dunder of an allowed module": b"ctorch._utils\n__dict__\n",
    "torch load": b"ctorch\nload\n)R",
    "extension 1": b"\x82\x01",
    "extension 2": b"\x83\x01\x00",
    "extension 4": b"\x84\x01\x00\x00\x00",
    "instance": b"(X\x04\0\0\0trapios\nsystem\n",
    "object": b"(" + OD + b"o",
    "new object": OD + b")\x81",
    "new object with keywords": OD + b")}\x92",
    "persistent id as text": b"Ptrap\n",
    "buffer": b"\x97",
    "build on a name": T2 + b"}X\x08\0\0\0__code__NsN\x86b",
    "build on a type": OD + b"N}X\x05\0\0\0itemsNs\x86b",
    "build on a call": T2 + b")R}b",
    "build on nothing": b"}b",
    "call of a call": T2 + b")R)R",
    "call of a dictionary": b"})R",
    "call without arguments": T2 + b"NR",
    "ordered dict of pairs": OD + b"(](NNeetR",
    "deep lists": deep(b"](", b"e", 50_000),
    "deep dictionaries": b"}" + b"X\x01\0\0\0a}" * 50_000 + b"s" * 50_000,
    "deep tuple as a key": b"})" + b"\x85" * 50_000 + b"Ns",
    "list as a key": b"}]Ns",
    "name as a key": b"}" + T2 + b"Ns",
    "list of itself": b"]q\x00h\x00a",
    "dictionary of itself": b"}q\x00X\x01\0\0\0ah\x00s",
    "memo far away": b"Nr\xff\xff\xff\x7f",
    "memo missing": b"h\x07",
    "huge text": b"\x8d" + struct.pack("<Q", 1 << 62),
    "huge whole number": b"\x8b\xff\xff\xff\x7f",
    "negative text": b"X\xff\xff\xff\xff",
    "huge frame": b"\x95" + struct.pack("<Q", 1 << 62) + b"N",
    "mark without end": b"(((",
    "pop of nothing": b"0",
    "no mark": b"Nt",
    "append to none": b"NNa",
    "items of none": b"NNNs",
    "odd items": b"}(NNNu",
    "unknown opcode": b"\xff",
    "late protocol": b"\x80\x63N",
    "no result": b"",
    "text that is none": b"X\x02\0\0\0\xff\xfe",
    "tensor as the root's key": b"}" + T2 + b")RNs",
}  # fmt: skip


# These describe odd values in harmless ways: they are read, and hold no tensor.
HARMLESS = {"deep lists", "list of itself", "memo far away", "huge frame"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused(write, torch_format, name):
    path = write("net.pt", torch_format.archive(HOSTILE[name], {}))
    if name in HARMLESS:
        assert read_arrays(path) == {}
    else:
        with pytest.raises(ModelFileError):
            read_arrays(path)
    with pytest.raises(ModelFileError) as error:
        sw.load_model(path)
    assert str(error.value).startswith("net.pt: ")
    assert len(str(error.value)) < 500


def tree(levels: int) -> bytes:
    """Return a pickle of dictionaries with 2**levels ways through them."""
    body = b"}q\x000"
    for i in range(levels):
        both = b"".join(b"X\x01\0\0\0" + k + b"h" + bytes([i]) + b"s" for k in (b"a", b"b"))
        body += b"}" + both + b"q" + bytes([i + 1]) + b"0"
    return body + b"h" + bytes([levels])


@pytest.mark.parametrize("body", [tree(18), b"}q\x00X\x01\0\0\0ah\x00s"], ids=["tree", "itself"])
def test_dictionaries_without_end(write, torch_format, body):
    with pytest.raises(ModelFileError, match="nested too deep or hold too much"):
        read_arrays(write("net.pt", torch_format.archive(body, {})))


@pytest.mark.parametrize("name", [n for n in HOSTILE if n.startswith("build")])
def test_state_is_never_set(write, torch_format, name):
    with pytest.raises(ModelFileError, match=r"sets the state of an object|malformed"):
        read_arrays(write("net.pt", torch_format.archive(HOSTILE[name], {})))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", ["alone", "nested", "as a tensor", "beside"])
@pytest.mark.parametrize("how", ["system", "eval", "exec", "open", "getattr", "state"])
def test_nothing_runs(write, tmp_path, torch_format, protocol, wrap, how):
    sprung = tmp_path / "sprung"
    code = f"open({str(sprung)!r}, 'w').close()"
    trap = {
        "system": Runs(os.system, f"touch {sprung}"),
        "eval": Runs(eval, code),
        "exec": Runs(exec, code),
        "open": Runs(open, str(sprung), "w"),
        "getattr": Runs(getattr, os, "system") if protocol >= 2 else Runs(eval, code),
        "state": SetsState(),
    }[how]
    if how == "getattr":
        trap = Runs(__import__, "antigravity")
    tree = {"nested": {"state_dict": {"A": [trap]}}, "beside": {"A": 1, "x": trap}}.get(wrap, trap)
    pickled = pickle.dumps(tree, protocol)
    if wrap == "as a tensor":
        inner = pickled[2:-1] if protocol in (2, 3) else pickled[:-1]
        pickled = b"\x80\x02" + T2 + b"(" + inner + b"tR."
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("net/data.pkl", pickled)
    path = write("net.pt", buffer.getvalue())
    for read in (sw.load_model, read_arrays):
        with pytest.raises(ModelFileError, match="nothing was run"):
            read(path)
    assert not sprung.exists()


def test_hostile_plain_pickle(write, tmp_path):
    for protocol in range(6):
        trap = pickle.dumps(Runs(open, str(tmp_path / "sprung"), "w"), protocol)
        for suffix in (".pkl", ".pt", ".npz", ".mat", ""):
            with pytest.raises(ModelFileError):
                sw.load_model(write("net" + suffix, trap))
    assert not (tmp_path / "sprung").exists()


def test_every_prefix_is_refused(write, torch_format):
    whole = torch_format.file({"A": A, "W": W, "h": h})
    for length in range(0, len(whole), 3):
        with pytest.raises(ModelFileError):
            sw.load_model(write("net.pt", whole[:length]), n_relu=1)
    assert sw.load_model(write("net.pt", whole), n_relu=1) == sw.AlmostLinearRNN(A, W, h, 1)


def test_every_prefix_of_the_pickle_is_refused(write, torch_format):
    storages: dict[str, bytes] = {}
    body = torch_format.values({"A": A, "W": W, "h": h}, storages)
    for length in range(len(body)):
        path = write("net.pt", torch_format.archive(body[:length], storages))
        with pytest.raises(ModelFileError):
            sw.load_model(path, n_relu=1)


def test_flipped_bytes_never_leak_another_exception(write, torch_format):
    storages: dict[str, bytes] = {}
    body = torch_format.values({"A": A, "W": W, "h": h}, storages)
    for place in range(len(body)):
        broken = bytearray(body)
        broken[place] ^= (0x01, 0x55, 0x80)[place % 3]
        path = write("net.pt", torch_format.archive(bytes(broken), storages))
        with contextlib.suppress(ModelFileError):
            sw.load_model(path, n_relu=1)


# Against PyTorch itself ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def test_what_torch_saves(torch, tmp_path):
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    saved = {
        "base": base,
        "transposed": base.T,
        "diagonal": base.diagonal(),
        "row": base[1],
        "parameter": torch.nn.Parameter(torch.randn(2, 2, dtype=torch.float64)),
        "half": torch.randn(3).half(),
        "brain": torch.randn(3).bfloat16(),
        "whole": torch.arange(3),
        "expanded": torch.ones(1).expand(4, 3),
        "scalar": torch.tensor(2.5),
        "nested": {"x": torch.tensor([True, False])},
        "epoch": 3,
        "history": [0.5, (1, None)],
    }
    torch.save(saved, tmp_path / "net.pt")
    arrays = read_arrays(tmp_path / "net.pt")
    tensors = {k: v for k, v in saved.items() if isinstance(v, torch.Tensor)}
    assert arrays.keys() == tensors.keys() | {"nested.x"}
    for name, tensor in tensors.items():
        expected = (tensor.float() if name == "brain" else tensor).detach().numpy()
        assert arrays[name].shape == expected.shape
        assert np.array_equal(arrays[name], expected)
    assert arrays["nested.x"].tolist() == [1, 0]


def test_checkpoint_with_an_optimizer(torch, tmp_path):
    module = torch.nn.Module()
    for name, value in (("A", A), ("W", W), ("h", h)):
        module.register_parameter(name, torch.nn.Parameter(torch.tensor(value)))
    optimizer = torch.optim.Adam(module.parameters())
    sum(p.sum() for p in module.parameters()).backward()
    optimizer.step()
    values = [p.detach().numpy() for p in module.parameters()]
    checkpoint = {
        "epoch": 5,
        "model_state_dict": module.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
    }
    torch.save(checkpoint, tmp_path / "net.pt")
    model = sw.load_model(tmp_path / "net.pt", architecture="PLRNN")
    assert model == sw.PLRNN(*values)


def test_whole_module_and_legacy_file(torch, tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(ModelFileError, match=r"torch\.nn\.modules\.linear\.Linear.*state_dict"):
        sw.load_model(tmp_path / "module.pt")
    state = torch.nn.Linear(2, 2).state_dict()
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(ModelFileError, match=r"before version 1\.6"):
        sw.load_model(tmp_path / "old.pt")
