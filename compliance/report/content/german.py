"""The fixed words of a report in German."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from compliance.report.content.room_german import GERMAN_ROOM
from compliance.report.content.words import Words

GERMAN: Final = Words(
    months=(
        "Jan.",
        "Feb.",
        "März",
        "Apr.",
        "Mai",
        "Juni",
        "Juli",
        "Aug.",
        "Sept.",
        "Okt.",
        "Nov.",
        "Dez.",
    ),
    report="Prüfbericht",
    running="Prüfbericht von Aseptrail",
    period="Zeitraum",
    to="bis",
    times="Alle Zeiten: {zone}",
    demo="DEMO",
    demo_line="Demodaten. Niemand wurde behandelt.",
    formerly="Früher {name}, bis {when} (Eintrag {index}).",
    formerly_more="Weitere frühere Namen stehen in den Einträgen: {count}.",
    page="Seite",
    of="von",
    volume="Band {number} von {of}",
    made="Erstellt von {who} am {when}",
    signed_file=(
        "In der Datei mit dem Zertifikat der Praxis signiert. Prüfen Sie die Datei selbst: das "
        "Aussehen einer Seite beweist nichts."
    ),
    range="Einträge des Protokolls",
    range_text="{first} bis {last} ({count})",
    size="Größe des Protokolls",
    root="Wurzel des Protokolls",
    incarnation="Inkarnation",
    profiles="Angewandte Regeln",
    no_profile="keine",
    software="Software",
    filters="Gezeigte Einzelheiten",
    filters_text="nur {filters}. Zahlen, Ausnahmen und Beweis umfassen den ganzen Zeitraum.",
    verdict_clean="{closed} Sitzungen geschlossen. In diesem Zeitraum ist keine Ausnahme erfasst.",
    verdict_exceptions="{closed} Sitzungen geschlossen. Zu prüfende Ausnahmen: {exceptions}.",
    closed="geschlossen",
    late="mit Nachträgen",
    amended="berichtigt",
    aborted="abgebrochen",
    awaiting="warten auf Aufbereitung",
    still_open="noch offen",
    erased="Einträge gelöscht",
    recalled="zurückgerufen",
    clock="Uhrabweichungen",
    anchor_gaps="Ankerlücken",
    no_anchors="keine Anker: Stufe 0",
    level="Vertrauensstufe 0",
    level_says=(
        "Wenn eine Prüfung diese Datei annimmt, ist sie unverändert, seit die Praxis sie signiert "
        "hat, und jeder Eintrag des Zeitraums ist enthalten."
    ),
    level_not="Stufe 0 beweist nicht",
    level_limits=(
        "dass ein Eintrag zur angegebenen Zeit bestand: kein fremder Zeitstempel bestätigt es;",
        (
            "dass die Praxis allen dasselbe Protokoll zeigt oder vor dem Export keine neuesten "
            "Einträge abgeschnitten hat;"
        ),
        "dass wahr ist, was eingegeben wurde.",
    ),
    checkpoint="Prüfpunkt des Protokolls",
    checkpoint_text=(
        "Bewahren Sie diesen Code auf. Ein späterer Bericht muss dazu passen, sonst wurden "
        "Einträge verändert."
    ),
    fingerprint="Wurzelzertifikat, SHA-256",
    fingerprint_text="Vergleichen Sie mit Ihrem Blatt.",
    exceptions="Ausnahmen",
    exceptions_text=(
        "Alles im Zeitraum, was nicht ist, wie es sein soll; das Schwerste zuerst. "
        "Die Nummer ist die des Eintrags im Protokoll."
    ),
    more="und {count} weitere, ab Seite {page}",
    sessions="Sitzungen",
    no_sessions="In diesem Zeitraum wurde keine Sitzung signiert, geschlossen oder abgebrochen.",
    people="Personen",
    entry="Eintrag",
    exports="Berichte aus diesem Zeitraum",
    exports_text="Vergleichen Sie diese Fingerabdrücke mit Berichten, die Sie haben.",
    single_exports=MappingProxyType(
        {"inspection": "eine Sitzung, zur Prüfung", "client_copy": "eine Sitzung, Kopie für Kunden"}
    ),
    later_amendments="Spätere Berichtigungen",
    later_text="In diesem Zeitraum an Sitzungen vorgenommen, die vorher geschlossen wurden.",
    record="Nachweis",
    client="Kundin/Kunde",
    practitioner="Behandelt von",
    device="Gerät",
    protocol="Protokoll",
    version="Fassung {version}",
    opened="eröffnet",
    started="begonnen",
    finished="beendet",
    not_started="nicht begonnen",
    signed="signiert",
    consent="Einwilligung",
    no_consent="keine erfasst",
    consent_text="{text}, Fassung {version}, Eintrag {index}",
    warning="Angezeigte Warnung",
    item="Punkt",
    answer="Antwort",
    evidence="Beleg",
    who="Wer",
    when="Wann",
    phases=MappingProxyType({"before": "Vorher", "during": "Während", "after": "Nachher"}),
    answers=MappingProxyType({"yes": "ja", "no": "nein"}),
    performed="getan {when}",
    recorded="erfasst {when}",
    mark_late="verspätet",
    mark_amended="berichtigt",
    amended_by="Berichtigt von {who}, {when} ({auth}), Eintrag {index}",
    reason="Grund",
    override="Übersteuert",
    overridden_by="{item}, von {who}, {when}",
    deviation=("Was geschah", "Warum", "Abhilfe"),
    signature="Signiert von {name}, {when}, {auth}",
    auth=MappingProxyType(
        {
            "password": "mit Passwort",
            "pin": "mit PIN",
            "token": "mit Token, nicht erneut angemeldet",
            "system": "durch das System",
        }
    ),
    not_disclosed="nicht offengelegt",
    erased_on="gelöscht am {when}, Eintrag {index}",
    pack="Packung {code}",
    lot="Charge {lot}",
    disinfection="{name}, Charge {lot}",
    contact="{seconds} s Einwirkzeit",
    required="mind. {seconds} s",
    barrier="frische Schutzhülle",
    no_barrier="keine Schutzhülle",
    sharps="in Abwurfbehälter {container}",
    returned="zur Aufbereitung gegeben",
    released_as="freigegeben als Packung {code}, Eintrag {index}",
    serial="Seriennummer {serial}",
    cycle="{sterilizer} Zyklus {number}",
    sterile_until="steril bis {day}",
    expires="haltbar bis {day}",
    kinds=MappingProxyType(
        {
            "restored": "Die Aufzeichnung wurde zurückgesetzt",
            "recall": "Rückrufe",
            "spore_failed": "Fehlgeschlagene Sporentests",
            "cycle_failed": "Fehlgeschlagene Zyklen",
            "flag_undecided": "Hinweise ohne Entscheidung",
            "test_overdue": "Überfällige Tests",
            "aborted": "Abgebrochene Sitzungen",
            "incident": "Unerwünschte Ereignisse",
            "follow_up": "Nachkontrollen mit Anzeichen",
            "override": "Übersteuerungen",
            "amendment": "Berichtigungen",
            "late": "Nachträge",
            "still_open": "Am Ende nicht geschlossen",
            "clock": "Uhrabweichungen",
            "erased": "Gelöschte Einträge",
        }
    ),
    late_sentence="{item}: {times} von {who}. Sitzung von {client}.",
    late_from_to="getan {performed}, erfasst {recorded}",
    amendment_sentence="Nachweis {closed}, {item}: aus {old} wurde {new}, von {who}. {reason}",
    incident_sentence="{grade}: {signs}. {escalated} {description}",
    escalated="An eine Ärztin oder einen Arzt übergeben.",
    not_escalated="Nicht übergeben.",
    grades=MappingProxyType({"minor": "Leicht", "moderate": "Mittel", "severe": "Schwer"}),
    signs=MappingProxyType(
        {
            "bruising": "Blutergüsse",
            "peeling": "Schälen der Haut",
            "infection": "Infektion",
            "severe_bleeding": "starke Blutung",
            "allergic_reaction": "allergische Reaktion",
        }
    ),
    no_signs="kein Anzeichen, das ärztliche Hilfe verlangt",
    follow_up_sentence="Nachkontrolle zu Nachweis {cites}: {signs}. {note}",
    restore_sentences=MappingProxyType(
        {
            "backup": "Aus einer Sicherung auf die {size} Einträge vom {when} zurückgesetzt.",
            "undo": "Ein Zurücksetzen wurde rückgängig gemacht; der Stand davor gilt wieder.",
            "by_hand": "Die Datenbank wurde ohne eine Sicherung dieser Software zurückgesetzt.",
        }
    ),
    restore_lost="Die ersetzte Aufzeichnung hatte {size} Einträge; prüfen, was fehlt.",
    clock_sentence="Die Uhr ging von {previous} auf {observed} zurück; es gilt die Reihenfolge.",
    erased_sentence="Der Inhalt wurde gelöscht; sein Hash bleibt Teil des Beweises.",
    still_open_sentence="Die hiermit eröffnete Sitzung war am Ende nicht geschlossen.",
    awaiting_sentence="Die hiermit eröffnete Sitzung ist signiert und wartet auf Aufbereitung.",
    room=GERMAN_ROOM,
    continued="Fortsetzung",
    root_short="Wurzel",
    sha256="SHA-256",
)
