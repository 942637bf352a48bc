"""Russian regions by federal district, recognised by how their names begin, however the rest is written."""

from functools import lru_cache
from typing import Final

#: What is not known to be in Russia makes one group.
ELSEWHERE: Final = ""
_BEGINNINGS: Final = {
    "центральный": "белгород брянск владимир воронеж ивановск калуж костром курск липецк москв москов орлов рязан "
    "смолен тамбов твер туль тульск яросл",
    "северо-западный": "архангел вологод калининград карел коми ленинград мурман ненец новгород псков санкт петербург",
    "южный": "адыге астрахан волгоград калмык краснодар крым ростов севастоп",
    "северо-кавказский": "дагестан ингуш кабардин карачаев осети ставропол чечен чечня",
    "приволжский": "башк киров марий мордов нижегород оренбург пензен перм самар саратов татар удмурт ульян чуваш",
    "уральский": "курган свердлов тюмен ханты югра челябин ямало",
    "сибирский": "алтай иркут кемеров кузбасс красноярск новосибир омск томск тыва тува хакас",
    "дальневосточный": "амурск бурят еврейск забайкал камчат магадан приморск саха сахалин якути хабаров чукот",
}
_DISTRICTS: Final = {start: name for name, starts in _BEGINNINGS.items() for start in starts.split()}


@lru_cache(maxsize=4096)
def district(region: str) -> str:
    """The federal district of a region by its name (`Томская область`, `Республика Саха (Якутия)`), or ELSEWHERE."""
    words = region.lower().replace("(", " ").replace("/", " ").replace("—", " ").split()
    for word in words:
        found = next((name for start, name in _DISTRICTS.items() if word.startswith(start)), None)
        if found is not None:
            return found
    return ELSEWHERE
