#!/usr/bin/env python3
"""Writes a CSV of made-up people for the tour, the same for the same seed.

    make-people.py [--count 1000] [--seed 20261] > people.csv

Nobody here is real: names are put together from syllables of each script, ids begin with 9900, numbers lie in ranges that
the script itself numbers through. They are awkward on purpose: ten scripts, single names, names of 60 characters, unknown
birth days, digits that are not ASCII, telephones shared by a household.

Values of letters and digits alone are at least eight characters long (or under four): shorter ones turn up by chance in
base64, and a search for them in a database would prove nothing.
"""

import argparse
import csv
import random
import sys

# Script: (syllables, surname endings, its digits or None)
SCRIPTS = {
    "Latin": (["Žel", "Bła", "Ção", "Ñan", "Đur", "Šim", "Ågo", "Ğul", "Øst", "Ýva", "Čer", "Łuk"], ["ović", "ńska", "şahin", "žník"], None),
    "Ethiopic": (["አበ", "ከበ", "ተስፋ", "ደመ", "ገብረ", "ወልደ", "ሙሉ", "ብር", "ሀይለ", "ሰላም"], ["ማርያም", "ጊዮርጊስ", "ሚካኤል"], None),
    "Arabic": (["عبد", "نور", "سعد", "كمال", "ياس", "فري", "جميل", "رشي", "حمد", "منى"], ["الدين", "الرحمن", "الهادي"], "٠١٢٣٤٥٦٧٨٩"),
    "Khmer": (["សុខ", "ចាន់", "វណ្ណ", "រតន", "ពិសិ", "សុភ", "មករា", "ធីតា"], ["វឌ្ឍន៍", "សម្បត្តិ"], "០១២៣៤៥៦៧៨៩"),
    "Devanagari": (["राम", "सीता", "गोपा", "लक्ष", "हरि", "माया", "कृष्ण", "शान्ति"], ["प्रसाद", "बहादुर", "कुमारी"], "०१२३४५६७८९"),
    "Bengali": (["রহি", "করি", "ফাতে", "নাজ", "সাল", "জাহা", "মিতা", "অনু"], ["উদ্দিন", "বেগম", "চন্দ্র"], "০১২৩৪৫৬৭৮৯"),
    "Lao": (["ສົມ", "ບຸນ", "ຄໍາ", "ວັນ", "ແກ້ວ", "ພອນ", "ສີດາ"], ["ມະນີວົງ", "ສະຫວັນ"], "໐໑໒໓໔໕໖໗໘໙"),
    "Cyrillic": (["Ярос", "Влад", "Мила", "Руст", "Айгү", "Темі", "Ждан", "Щерб"], ["енківна", "бекұлы", "ович"], None),
    "Tamil": (["முரு", "கலை", "செல்", "வேலு", "மணி", "இளங்"], ["கோவன்", "ராஜன்"], "௦௧௨௩௪௫௬௭௮௯"),
    "Thai": (["สมช", "วิภา", "ประยุ", "กัลย", "ณรงค์", "มาลี"], ["วัฒนา", "สุขใจ"], "๐๑๒๓๔๕๖๗๘๙"),
}

COLUMNS = [
    "national_id", "family_name", "given_name", "display_name", "birth_date", "birth_date_not_exact", "sex",
    "phones", "emails", "address_lines", "bank_account", "admin_code", "registration_status",
]  # fmt: skip


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--count", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=20261)
    chosen = arguments.parse_args()
    people = random.Random(chosen.seed)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    phone = ""
    for number in range(chosen.count):
        # Every third person shares the telephone of the one before.
        if number % 3 or not phone:
            phone = f"+2519{number:04d}{people.randrange(10_000):04d}"
        out.writerow(person(number, phone, people))


def person(number, phone, people):
    script = list(SCRIPTS)[number % len(SCRIPTS)]
    syllables, endings, digits = SCRIPTS[script]
    family = "".join(people.sample(syllables, 2)) + people.choice(endings)
    given = "".join(people.sample(syllables, 3))
    if number % 50 == 7:
        family = ""  # a single name
    if number % 50 == 11:
        given = " ".join(given for _ in range(20))[:60].strip()
    display = f"{given} {family}".strip()
    identifier = f"9900{number:06d}{people.randrange(100):02d}"
    if digits and number % 4 == 0:
        identifier = identifier.translate({ord("0") + value: digit for value, digit in enumerate(digits)})
    unknown_day = number % 10 == 3
    birth = f"{people.randrange(1936, 2021)}-{people.randrange(1, 13):02d}"
    return [
        identifier,
        family,
        given,
        display,
        birth if unknown_day else f"{birth}-{people.randrange(1, 29):02d}",
        "yes" if unknown_day else "no",
        people.choice(["female", "male", "other", "unknown"]),
        phone,
        f"person{number:06d}@sample.invalid" if number % 5 else "",
        f"{given} {number + 100:03d}, {family or given}",
        f"TEST{people.randrange(10**12):012d}" if number % 2 else "",
        f"ET-{number % 12 + 1:02d}-{people.randrange(1, 40):02d}",
        "registered",
    ]


if __name__ == "__main__":
    main()
