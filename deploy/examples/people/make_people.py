#!/usr/bin/env python3
"""Makes synthetic people for the register `individual`, as CSV.

No one in the output exists: names are drawn at random from short lists, every national id lies in the range
9999 0000 0000 to 9999 9999 9999, functional ids and passports begin with SYN, e-mail addresses end in example.org
(RFC 2606). The same seed gives the same people.

  make_people.py --count 1000 --seed 7 --out people.csv
  make_people.py --count 1000 --seed 7 --out people.csv --bom --delimiter ';' --bad 5
"""

import argparse
import csv
import io
import random
import sys

# Per script: the zero of its digits, its given names, its family names, its places.
SCRIPTS = {
    "latin": ("0",
        ["Zoë-Åsa", "Łucjana", "Ngọc-Ánh", "Žofiëtta", "Søreña", "Îlkay", "Ömürcan", "Émilienne", "Ñusta", "Þorgerður",
         "Ğülşen", "Ãnandrè", "Ćirilina", "Ēvalda"],
        ["Måløvsen", "Łękawiecka", "Nguyễnová", "Ørstaðar", "Çelikören", "Étchégoyen", "Żółkiewska", "Ñandutí",
         "Dvořáčková", "Ağaoğlu", "Đặng-Trần", "Óðinsdóttir"],
        ["Åkerøya", "Çırçırköy", "Ñuñoapampa", "Żabieńczyk", "Đồngxuân"]),
    "ethiopic": ("0",
        ["አበበች", "ከበደልኝ", "ትዕግስት", "ሙሉጌታ", "ብርሃኑም", "ሰላማዊት", "ገብረማርያም", "ፍሬሕይወት", "አስቴርና", "ተስፋዬና", "ወይንሸት", "ይልማነህ"],
        ["ወልደሚካኤል", "ኃይለማርያም", "ተክለሃይማኖት", "በቀለአብ", "ደመቀልኝ", "አስፋውልኝ", "መኮንንና", "ለማገረመው", "ጌታቸውም", "ዘውዴነህ"],
        ["ደብረብርሃን", "ባሕርዳርና", "አርባምንጭ", "ወልዲያና"]),
    "arabic": ("٠",
        ["عبدالرحمن", "فاطمةالزهراء", "عائشةنور", "يوسفان", "خديجةأم", "إبراهيم", "زينبهاشم", "مصطفىكامل", "ياسمينا", "سليمان", "مريمنور"],
        ["الشنقيطي", "البغداديّ", "الحضرميّ", "القرطبيّ", "السنوسيّ", "النجّار", "التلمسانيّ", "الخوارزميّ", "العسقلانيّ"],
        ["أمدرمان", "الأبيّض", "كسلاالكبرى", "بورتسودان"]),
    "khmer": ("០",
        ["សុខាវតី", "ច័ន្ទរ៉ា", "បុប្ផាទេវី", "ដារារស្មី", "សុភ័ក្រ្ត", "វណ្ណារី", "រតនាវតី", "ពិសិដ្ឋ", "ម៉ាលីសា", "សំណាងល្អ"],
        ["កែវវិបុល", "ចាន់សុភាព", "ឈួនរ័ត្ន", "ទេពសុរិយា", "ប៉ែនសុវណ្ណ", "ម៉ៅច័ន្ទ", "លឹមពិសី", "ហេងសុខុម"],
        ["បាត់ដំបង", "កំពង់ចាម", "សៀមរាប", "ព្រៃវែងថ្មី"]),
    "devanagari": ("०",
        ["लक्ष्मीदेवी", "रामकुमार", "सीताकुमारी", "विष्णुमाया", "हरिप्रसाद", "गीतादेवी", "प्रकाशमान", "सरस्वती", "कृष्णबहादुर", "मीनाकुमारी"],
        ["श्रेष्ठज्यू", "महर्जनदाई", "गुरुङसेनी", "तामाङगोले", "अधिकारीमान", "पौडेलशर्मा", "भट्टराईजी", "रानामगर"],
        ["भक्तपुर", "जनकपुरधाम", "नेपालगञ्ज", "धनकुटाबजार"]),
    "bengali": ("০",
        ["রহিমাবানু", "আব্দুলকরিম", "শর্মিষ্ঠা", "মোহাম্মদআলী", "জাহানারা", "সুচিত্রা", "কামরুলহাসান", "নাসরিনজাহান", "বিভূতিভূষণ", "রোকেয়াবেগম"],
        ["চট্টোপাধ্যায়", "মণ্ডলবাড়ি", "হাওলাদার", "বিশ্বাসকর", "সরকারবাড়ি", "তালুকদার", "ভট্টাচার্য", "মজুমদার"],
        ["চট্টগ্রাম", "ময়মনসিংহ", "কুড়িগ্রাম", "ব্রাহ্মণবাড়িয়া"]),
    "lao": ("໐",
        ["ສົມສະໄໝ", "ບຸນມີໄຊ", "ຄໍາພອນ", "ດາວເຮືອງ", "ມະນີວັນ", "ສຸກສະຫວັນ", "ວຽງຄໍາ", "ແສງເດືອນ", "ພອນສະຫວັນ", "ທອງໃບລານ"],
        ["ວົງສະຫວັນ", "ພົມມະຈັນ", "ສີສຸລາດ", "ແກ້ວມະນີ", "ໄຊຍະວົງ", "ອິນທະວົງ", "ຈັນທະລາ", "ບຸບຜາວັນ"],
        ["ຫຼວງພະບາງ", "ສະຫວັນນະເຂດ", "ຊຽງຂວາງ", "ອຸດົມໄຊ"]),
    "cyrillic": ("0",
        ["Айгүлжан", "Нұрсұлтан", "Бибінұр", "Жұлдызай", "Оюунгэрэл", "Батбаяр", "Гульнорахон", "Мирослава", "Ярополк", "Цэцэгмаа"],
        ["Әбдіқалықова", "Құнанбайұлы", "Өтегенқызы", "Дорждэрэм", "Чойжамцын", "Шевченчук", "Їжакевич", "Ўринбоева"],
        ["Қызылорда", "Өлгийсум", "Хөвсгөлнуур", "Ўратепа"]),
}

COLUMNS = ["national_id", "functional_id", "passport", "family_name", "given_name", "display_name", "aliases",
           "birth_place", "birth_date", "birth_date_not_exact", "sex", "phones", "emails", "address_lines",
           "coordinates", "bank_account", "wallet", "disability_walking", "pregnant", "chronic_illness", "admin_code",
           "registration_status"]

STATUSES = ["registered", "active", "active", "active", "suspended"]


class Dice:
    """Draws that do not change between versions of Python: only random() is promised to stay as it is."""

    def __init__(self, seed):
        self._source = random.Random(seed)

    def below(self, bound):
        return int(self._source.random() * bound)

    def one_of(self, items):
        return items[self.below(len(items))]

    def hit(self, chance):
        return self._source.random() < chance


def in_script(zero, digits):
    """The same digits in the digits of a script."""
    return "".join(chr(ord(zero) + int(c)) if "0" <= c <= "9" else c for c in digits)


def names(dice, script):
    """Given name, family name (both may be empty), name as the person writes it."""
    _, given_names, family_names, _ = SCRIPTS[script]
    given, family = dice.one_of(given_names), dice.one_of(family_names)
    draw = dice.below(100)
    if draw < 8:  # one name only
        return given, "", given
    if draw < 12:  # 60 characters
        display = given
        while len(display) < 60:
            display += " " + dice.one_of(given_names) + " " + dice.one_of(family_names)
        return given, family, display[:60].strip().ljust(60, display[0])
    if draw < 25:  # three names
        return given, family, f"{given} {dice.one_of(given_names)} {family}"
    return given, family, f"{given} {family}"


def phone(dice, zero, number):
    """One of the ways in which people write a number."""
    digits = f"9{number:08d}"
    written = dice.one_of([f"+251{digits}", f"0{digits}", f"+251 {digits[:3]} {digits[3:6]} {digits[6:]}",
                           f"0{digits[:3]}-{digits[3:]}", f"00251{digits}"])
    return in_script(zero, written) if dice.hit(0.3) else written


def person(dice, number, phones):
    script = dice.one_of(list(SCRIPTS))
    zero, _, _, places = SCRIPTS[script]
    given, family, display = names(dice, script)
    # Spread over the range, and different for every number: 7919 and 10^8 have no divisor in common.
    national_id = f"9999{(number * 7919 + 31) % 100_000_000:08d}"
    written_id = dice.one_of([national_id, f"{national_id[:4]}-{national_id[4:8]}-{national_id[8:]}"])
    if dice.hit(0.3):
        written_id = in_script(zero, written_id)
    year, month, day = 1930 + dice.below(90), 1 + dice.below(12), 1 + dice.below(28)
    day_unknown = dice.hit(0.15)
    if not phones or not dice.hit(0.15):  # else a number of somebody earlier: families share phones
        phones.append(number % 100_000_000)
    own_phones = [phone(dice, zero, phones[-1] if not dice.hit(0.1) else dice.one_of(phones))]
    if dice.hit(0.1):
        own_phones.append(phone(dice, zero, (number + 50_000_000) % 100_000_000))
    sex = dice.one_of("FFFMMMXU")
    return {
        "national_id": written_id,
        "functional_id": f"SYN-{number:08d}",
        "passport": f"SYNP{number:08d}" if dice.hit(0.1) else "",
        "family_name": family,
        "given_name": given,
        "display_name": display,
        "aliases": f"{given} II.|{given} {places[0]}" if dice.hit(0.05) else "",
        "birth_place": dice.one_of(places),
        "birth_date": f"{year:04d}-{month:02d}" + ("" if day_unknown else f"-{day:02d}"),
        "birth_date_not_exact": "1" if day_unknown else "",
        "sex": sex,
        "phones": "|".join(own_phones),
        "emails": f"synthetic.{number:06d}@example.org" if dice.hit(0.4) else "",
        "address_lines": f"{dice.one_of(places)} {in_script(zero, str(100 + dice.below(900)))}|{dice.one_of(places)}",
        "coordinates": f"{3 + dice.below(11_000_000) / 1e6:.6f} {34 + dice.below(13_000_000) / 1e6:.6f}",
        "bank_account": f"SYN0099{number:010d}" if dice.hit(0.6) else "",
        "wallet": f"SYNW{number:010d}" if dice.hit(0.3) else "",
        # Everybody has an answer, so that its presence tells nothing.
        "disability_walking": dice.one_of("1111111111111112234"),
        "pregnant": "1" if sex == "F" and dice.hit(0.05) else "0",
        "chronic_illness": "1" if dice.hit(0.07) else "0",
        "admin_code": f"ET-{1 + dice.below(14):02d}-{1 + dice.below(30):02d}",
        "registration_status": dice.one_of(STATUSES),
    }


# What a bad row gets wrong: the column, and what stands there.
SPOILS = [
    ("birth_date", "1984-13-45"),
    ("phones", "call after six"),
    ("display_name", ""),
    ("sex", "Z9"),
    ("emails", "synthetic.example.org"),
    ("national_id", "9999#0001"),
    ("admin_code", "Debre Berhan"),
    ("coordinates", "far away"),
]


def rows(count, seed, bad):
    """The good people and, spread among them, the bad rows."""
    dice, phones = Dice(seed), []
    step = max(1, count // (bad + 1))
    spoiled = 0
    for number in range(1, count + 1):
        yield person(dice, number, phones)
        if spoiled < bad and number % step == 0:
            row = person(dice, count + 1 + spoiled, phones)
            column, text = SPOILS[spoiled % len(SPOILS)]
            row[column] = text
            spoiled += 1
            yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="people to make (1000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same people (1)")
    parser.add_argument("--out", required=True, help="file to write; - is standard output")
    parser.add_argument("--bom", action="store_true", help="begin with a byte order mark")
    parser.add_argument("--delimiter", choices=[",", ";"], default=",")
    parser.add_argument("--bad", type=int, default=0, help="add this many rows that break a rule")
    options = parser.parse_args()
    if options.count < 1 or not 0 <= options.bad <= options.count:
        parser.error("--count is 1 or more, --bad from 0 to --count")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, delimiter=options.delimiter)
    writer.writeheader()
    writer.writerows(rows(options.count, options.seed, options.bad))
    content = (b"\xef\xbb\xbf" if options.bom else b"") + text.getvalue().encode("utf-8")
    if options.out == "-":
        sys.stdout.buffer.write(content)
    else:
        with open(options.out, "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main()
