"""The words of an address as people, shops and registers write them: Russian, Ukrainian and in Latin letters.

All stand here in lower case, with «е» for «ё» and a plain apostrophe; `portal/street.py` reads addresses by them.
"""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


#: A home inside a house. They say so by themselves, whatever follows.
FLATS = words(
    """
    кв квартира квартиры квартиру квартире кварт кварт-ра квар кв-ра кв-а кв-тира квра к-ра кварира офис офиса
    офисе оф офіс апарт апартамент апартаменты апартаменте апартаментов апарт-т апарт-ты ап-ты комната комнаты
    комнате комн ком-та кімната кім помещение помещения помещении помещ пом-е пом-ие помещен приміщення прим apt
    apts apart apartment apartments flat kv kv-ra kvart kvartira kvartyra office ofis ofys apartament
    apartamenty room suite unit komnata pomeshchenie
    """
)
#: The way to its door; these too need nothing after them.
WAYS = words(
    """
    подъезд подъезда подъезде подьезд под'езд подезд под-д под-зд п-зд п-езд пд-д під'їзд під'їзду підїзд
    підьїзд парадное парадная этаж этажа этаже эт-ж эт-аж поверх поверху домофон домофона домофону домофоне
    домоф домоф-н дом-фон дом-н дмф д-фон pod'ezd podezd podyezd podjezd pidizd pid'izd entrance entr etazh etaj
    poverkh floor domofon domophon intercom doorphone doorcode entryphone
    """
)
#: These are part of a name as well («Горячий Ключ», «п. Светлый»), and mean a flat or the way to it before a number.
BEFORE_A_NUMBER = words(
    """
    ап ком пом оф-с п под пд пдз пар парадн під эт этж пов п-х дф д-ф дмфн код кода ключ вход вх секция секц
    звонок звонить набрать набирать вызов тел телефон т склад скл цех павильон пав бокс зал ячейка место ap of
    ofc rm ste fl flr et kod code key pd ent p
    """
)
#: The number beside an entry phone, and the last word of many names.
SPRING = "ключ"
#: Said after their number as well: «3 подъезд», «5-й этаж», «148 кв».
COUNTED = FLATS | WAYS | words("эт этж под пд пдз пов вход секция fl flr")

#: A house, before its number.
HOUSES = words(
    """
    д дом дому дома вл влад владение двлд домовл домовладение зд здание соор сооружение уч участок онс буд
    будинок будинку d dom house h bud budynok bldg building
    """
)
#: A part of a house that others may see: it stands on its wall.
BUILDINGS = words(
    """
    к кор корп корпус корпуса с стр строен строение строения лит литер литера лит-ра літ літера блок бл k kor
    korp korpus corp str stroenie stroyenie lit litera block
    """
)
#: So short that people write it for a flat as well.
SHORT_BUILDINGS = frozenset({"к", "k"})
#: Building blocks seldom have a higher number; what is called «к. 148» is a flat.
HIGHEST_BLOCK = 20

STREETS = words(
    """
    ул улица улице ул-ца пр пр-т пр-кт просп проспект проспекте пр-д прд проезд пер пер-к переулок ш шоссе наб
    наб-я набережная б-р бул бульв бульвар пл площадь пл-дь туп туп-к тупик ал аллея лин линия тракт тр-т
    проулок спуск сп съезд взвоз мкр мкрн мкр-н м-н микрорайон мик-н кв-л квл квартал километр км снт днп тер
    территория вул вулиця вулиці пров провулок площа узвіз майдан проїзд шосе мікрорайон ul ulitsa ulica ulitza
    st street pr-t prosp prospekt prospect ave avenue av per pereulok lane ln road rd sh shosse nab naberezhnaya
    embankment b-r blvd boulevard bulvar pl ploshchad square sq mkr mikrorayon proezd vul vulytsia vulytsya prov
    provulok ploshcha
    """
)
#: A name of these is often a number: «мкр. 5, д. 12». After the first of them a hyphen leads to the house: «мкр. 5-12».
DISTRICTS = words("мкр мкрн мкр-н м-н микрорайон мик-н кв-л квл квартал мікрорайон mkr mikrorayon")
NUMBERED = DISTRICTS | words("проезд пр-д проїзд линия лин километр км тер proezd")

#: After a number inside a name: «ул. Защитников 1941 года», «им. 40 лет Победы», «площадь 25 Октября».
YEARS = words(
    """
    год года году годовщины лет летия летие роки років річчя января февраля марта апреля мая июня июля августа
    сентября октября ноября декабря січня лютого березня квітня травня червня липня серпня вересня жовтня
    листопада грудня let goda marta maya oktyabrya noyabrya yanvarya fevralya iyunya iyulya avgusta sentyabrya
    dekabrya
    """
)
#: The ends of ordinal numbers: «1-я Советская», «3й проезд», «60-летия Октября».
ORDINALS = words(
    "й я е го ая яя ый ий ой ое му ю х летия летие лет річчя а га та ша тя iy ya aya oy letiya st nd rd th"
)
