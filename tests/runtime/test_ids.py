"""Ids sort by the time they were made, and read as every UUID does."""

from uuid import UUID, uuid4

from cluster.runtime.ids import id_text, new_id


def test_ids_of_one_process_sort_by_when_they_were_made():
    made = [new_id() for _ in range(100)]
    assert made == sorted(made)
    assert {one.version for one in made} == {7}


def test_an_id_reads_as_its_uuid_does():
    for one in (uuid4(), UUID(int=0), UUID(int=2**128 - 1)):
        assert id_text(one.bytes) == str(one)
