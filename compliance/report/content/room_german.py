"""The fixed words of the pages about sterilization in German."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from compliance.report.content.room_words import RoomWords

GERMAN_ROOM: Final = RoomWords(
    sterilizers="Sterilisatoren",
    sterilizers_text=(
        "Jeder Sterilisator, den die Aufzeichnung kennt, mit dem Zustand zu Beginn des Zeitraums "
        "und jeder Änderung seither."
    ),
    state_heads=("Eintrag", "Wann", "Zustand oder Dienst", "Warum", "Wer"),
    type="Typ {type} (EN 13060)",
    serial="Seriennummer {serial}",
    chamber="{litres} Liter",
    installed="aufgestellt {day}",
    program="Programm {name}: {lower} bis {upper}, mindestens {hold} s gehalten",
    added="in die Aufzeichnung aufgenommen",
    states=MappingProxyType(
        {
            "in_service": "in Betrieb",
            "suspended": "gesperrt",
            "retest": "Nachprüfung",
            "presterilized_only": "nur steril gelieferte Artikel",
            "retired": "ausgemustert",
        }
    ),
    services=MappingProxyType(
        {
            "maintenance": "Wartung",
            "repair": "Reparatur",
            "validation": "Validierung",
            "installation": "Aufstellung",
        }
    ),
    cause="Ursache: {cause}",
    proof="Belegt durch den Sporentest des Eintrags {entry}.",
    after_growth="Im Test des Eintrags {entry} wuchsen Sporen.",
    cycles="Sterilisationszyklen",
    cycles_text=(
        "Im Zeitraum erfasste Beladungen. Beurteilt wird, was erreicht wurde, nie das "
        "Eingestellte; eine Freigabe ist eine Unterschrift."
    ),
    no_cycles="In diesem Zeitraum wurde keine Beladung erfasst.",
    cycle_heads=("Eintrag", "Zyklus", "Soll", "Erreicht", "Inhalt, Indikatoren", "Ergebnis"),
    cycle_kinds=MappingProxyType(
        {
            "production": "Beladung",
            "day_test": "Tagestest",
            "vacuum_test": "Vakuumtest",
        }
    ),
    outcomes=MappingProxyType({"passed": "bestanden", "failed": "FEHLGESCHLAGEN"}),
    at_least="mindestens {value}",
    seconds="{seconds} s",
    not_recorded="nicht erfasst",
    indicator_ok="Indikator Typ {type}: erreicht",
    indicator_not="Indikator Typ {type}: NICHT erreicht",
    spore_in="Sporentest: {outcome}, Eintrag {entry}.",
    from_log="Aus einem Protokoll, Zeilen {first} bis {last}, SHA-256 {sha256} …",
    entered_by="Erfasst von {who}.",
    released="Freigegeben von {who}, {when}, {auth}, Eintrag {entry}.",
    not_released="Nicht freigegeben.",
    flags=MappingProxyType(
        {
            "identical_curve": "gleiche Kurve",
            "overlap": "Überschneidung",
            "counter_jump": "Zählersprung",
            "counter_reset": "Zähler zurückgesetzt",
            "future_date": "Datum in der Zukunft",
            "old_date": "altes Datum",
            "no_date": "kein Datum",
            "set_not_achieved": "Soll nicht erreicht",
            "off_steam_line": "neben der Dampfkurve",
            "no_end_line": "ohne Schlusszeile",
            "other_serial": "andere Seriennummer",
        }
    ),
    undecided="Über diesen Hinweis hat niemand entschieden.",
    flag_accepted="Angenommen von {who}, Eintrag {entry}: {reason}",
    flag_refused="Abgelehnt von {who}, Eintrag {entry}: {reason}",
    undecided_short="nicht entschieden",
    decided_short="entschieden",
    curves="Dampfkurven",
    curves_text=(
        "Von jedem Zyklus, der fehlschlug, einen Hinweis trägt oder einen Sporentest enthielt, "
        "und von den übrigen, wo es wenige sind. Sattdampf des gemessenen Drucks liegt höchstens "
        "2 K neben der Temperatur, sonst war Luft dabei. Die Messwerte stehen in der angehängten "
        "audit.json unter dem SHA-256, den das Protokoll nennt."
    ),
    curve_alt=(
        "Kurve aus {count} Messwerten von {lowest} bis {highest} °C; {off} davon liegen mehr als "
        "2 K neben der Sattdampfkurve."
    ),
    curve_limits="Das Programm verlangt {lower} bis {upper} °C.",
    curve_warm="Temperatur",
    curve_steam="Sattdampf",
    curve_limit="Grenzen des Programms",
    curve_off="mehr als 2 K daneben",
    curve_time="min",
    tests="Tagestests",
    tests_text="Im Zeitraum erfasste Bowie-Dick-, Helix- und Vakuumtests.",
    test_heads=("Eintrag", "Zyklus", "Wann", "Test", "Erreicht", "Ergebnis"),
    spores="Sporentests",
    spores_text=(
        "Ein Test zählt nur, wenn seine Kontrolle derselben Charge wuchs. Wachsen Sporen, so "
        "wird jede Beladung seit dem Lauf des letzten gültigen negativen Tests zurückgerufen."
    ),
    spore_heads=("Eintrag", "Zyklus", "Charge", "Test", "Kontrolle", "Abgelesen", "Ergebnis"),
    growths=MappingProxyType(
        {"growth": "Wachstum", "no_growth": "kein Wachstum", "pending": "in Bebrütung"}
    ),
    spore_outcomes=MappingProxyType(
        {
            "pass": "negativ",
            "fail": "FEHLGESCHLAGEN: Wachstum",
            "invalid": "ungültig",
            "pending": "in Bebrütung",
            "reject": "ungültig: keine gewöhnliche Beladung",
        }
    ),
    no_control="keine Kontrolle",
    not_read="noch nicht abgelesen",
    recalls="Rückrufe",
    recalls_text=(
        "Was zurückgenommen wurde, und jede gezeigte Sitzung, deren Kundin oder Kunde damit in "
        "Berührung kam. Sitzungen früherer Zeiträume stehen hier, soweit diese Datei sie anführt."
    ),
    recall_loads="Beladungen von {sterilizer}",
    recall_lot="Charge {lot}",
    recall_article="Charge {lot} des Artikels {gtin}",
    recall_open="offen",
    recall_closed="abgeschlossen {when}, Eintrag {entry}",
    met_late="{by}: verspätet gemeldet und abgelehnt (Eintrag {entry})",
    fact_opened="Eröffnet",
    fact_since="Nach dem Lauf von",
    fact_until="Vor dem Lauf von",
    fact_positives="Tests mit Wachstum",
    fact_loads="Beladungen",
    fact_packs="Ungeöffnete Packungen",
    packs_found="{count}, davon beiseitegelegt: {pulled}, nicht gefunden: {missing}",
    fact_put_aside="Beiseitegelegt",
    fact_missing="Nicht gefunden",
    pack_found="{pack}: {when}, {who}, Eintrag {entry}",
    no_negative="davor gab es keinen gültigen negativen Test: jede Beladung",
    no_retest="noch keine gültige negative Nachprüfung",
    met_heads=("Eintrag", "Kunde", "Beendet", "Berührt", "Anrufe"),
    nobody_met="Keine gezeigte Sitzung kam mit dem Zurückgenommenen in Berührung.",
    not_shown="Sitzung … {session}, hier nicht angeführt",
    call="{when}: {outcome}, {who}, Eintrag {entry}.",
    call_outcomes=MappingProxyType(
        {
            "reached": "erreicht",
            "not_reached": "nicht erreicht",
            "letter_sent": "Brief geschickt",
            "declined": "wünscht keinen Anruf",
        }
    ),
    nobody_called="NICHT ANGERUFEN",
    files="Eingelesene Protokolle",
    files_text="Die Bytes jeder Datei liegen in der Praxis unter diesem SHA-256.",
    file="{size} Bytes, gelesen als {adapter}",
    file_heads=("Eintrag", "Eingang", "Datei", "Gefundene Zyklen"),
    rules_in_force="Geltende Regeln",
    rules_text=(
        "Von den Regelwerken, die die Praxis gewählt hat, der strengste Wert jeder Regel. Das "
        "Protokoll hält die Namen der Regelwerke fest; ihre Werte sind die der Software, die "
        "diesen Bericht erstellt hat."
    ),
    rule_heads=("Regel", "Wert", "Regelwerk", "Quelle"),
    rules=MappingProxyType(
        {
            "pack_max_shelf_days": "Haltbarkeit einer Packung höchstens",
            "spore_test_max_days": "Sporentest mindestens alle",
            "spore_test_max_run_hours": "Sporentest mindestens alle, in Betriebsstunden",
            "late_after_minutes": "Als Nachtrag gilt ein Eintrag nach",
            "records_years": "Aufbewahrung mindestens",
            "skin_disinfectant_evidence": "Hautdesinfektion und Einwirkzeit erfasst",
            "barrier_required": "Frischer Überzug, wo nicht sterilisiert werden kann",
            "day_test_required": "Tagestest vor der ersten Beladung",
            "integrator_required": "Integrator Typ 5 in jeder Beladung",
        }
    ),
    units=MappingProxyType(
        {
            "_days": "{value} Tage",
            "_hours": "{value} h",
            "_minutes": "{value} min",
            "_years": "{value} Jahre",
        }
    ),
    second_hand="(aus zweiter Hand)",
    trace="Beladung: Eintrag {entry}, freigegeben: Eintrag {released}",
    trace_unreleased="Beladung: Eintrag {entry}, NICHT freigegeben",
    recall_sentence=(
        "{what}. Berührte Sitzungen: {sessions}, davon angerufen: {called}. Rückruf {state}."
    ),
    spore_failed="In {cycle} vom {when} wuchsen Sporen. Die Beladungen sind zurückgerufen.",
    spore_not_valid="Der Sporentest in {cycle} vom {when} zählt nicht: {outcome}.",
    cycle_failed="{cycle} ist fehlgeschlagen. {faults}",
    flag_open="{cycle} trägt einen Hinweis, über den niemand entschieden hat. {reasons}",
    spore_late=(
        "{sterilizer}: Ein Sporentest war bis {due} fällig und lief {ran}; dazwischen liefen "
        "Beladungen ({rule})."
    ),
    spore_never=(
        "{sterilizer}: kein gültiger Sporentest seit der Aufstellung oder Reparatur vom {when}."
    ),
    spore_overdue=(
        "{sterilizer}: Ein Sporentest war bis {due} fällig; der letzte gültige lief {ran} ({rule})."
    ),
    day_test_missing=(
        "{sterilizer}: Eine Beladung vom {day} wurde ohne bestandenen Tagestest freigegeben "
        "({rule})."
    ),
)
