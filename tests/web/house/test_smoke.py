from building import House
from web.desk.visiting import Browser, Filled
import re

def test_all(manager: Browser, house: House) -> None:
    for path in ("/manager/people","/manager/people/invite","/manager/tokens","/manager/things",
        *(f"/manager/things/{f}" for f in ("devices","products","lots","containers","rooms")),
        *(f"/manager/things/{f}/new" for f in ("devices","products","lots","containers","rooms")),
        *(f"/manager/things/{f}/import" for f in ("devices","products","lots","containers","rooms")),
        *(f"/manager/things/{f}?format=csv" for f in ("devices","products","lots","containers","rooms")),
        f"/manager/people/{house.practitioner.user_id}",
        "/manager/templates", "/manager/templates/needle_roller/1", "/manager/templates/needle_roller/compare"):
        text = manager.read(path)
        print(path, len(text))
    dev = re.search(r'/manager/things/devices/([0-9a-f-]{36})', manager.read("/manager/things/devices"))[0]
    manager.read(dev)
    assert manager.get("/manager/things/devices/labels.pdf").data.startswith(b"%PDF")
    r = manager.post("/manager/templates/needle_roller/1/copy", page="/manager/templates/needle_roller/1")
    assert r.status_code == 303, r.text
    manager.read(r.location); manager.read(r.location + "/publish")
    manager.post(r.location, page=r.location, revision="1", do="add", **{"new.code":"patch_test","new.label":"Patch test read","new.phase":"before","new.kind":"choice"})
    print(manager.read(r.location)[:0])
    p = manager.post(r.location + "/preview", page=r.location, revision="2")
    assert "Patch test read" in p.text
    assert "password" in manager.read(r.location + "/publish")
    q = manager.post(r.location + "/publish", page=r.location + "/publish", revision="2", password="violet tram harbour")
    assert q.status_code == 303, q.text[-3000:]
    manager.read(q.location)
    manager.read("/manager/templates/needle_roller/compare")
    q = manager.post("/manager/people/invite", page="/manager/people/invite", username="anna", display_name="", roles="practitioner")
    assert q.status_code == 200, q.text
    link = re.search(r"/invitation/[\w-]+", q.text)[0]
    manager.read("/manager/people")
    manager.read(link)
