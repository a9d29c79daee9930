/** The words of addresses, each in one spelling: an owner writes "Elm St, TX" where a caller says "Elm Street in Texas". */

const spellings = new Map(
  `street st, avenue ave, av ave, road rd, lane ln, drive dr, court ct, place pl, boulevard blvd, square sq, highway hwy, parkway pkwy,
  terrace ter, circle cir, trail trl, apartment apt, suite ste, saint st, mount mt, fort ft, north n, south s, east e, west w, northeast ne,
  northwest nw, southeast se, southwest sw, alabama al, alaska ak, arizona az, arkansas ar, california ca, colorado co, connecticut ct,
  delaware de, florida fl, georgia ga, hawaii hi, idaho id, illinois il, indiana in, iowa ia, kansas ks, kentucky ky, louisiana la, maine me,
  maryland md, massachusetts ma, michigan mi, minnesota mn, mississippi ms, missouri mo, montana mt, nebraska ne, nevada nv,
  new hampshire nh, new jersey nj, new mexico nm, new york ny, north carolina nc, north dakota nd, ohio oh, oklahoma ok, oregon or,
  pennsylvania pa, rhode island ri, south carolina sc, south dakota sd, tennessee tn, texas tx, utah ut, vermont vt, virginia va,
  washington wa, west virginia wv, wisconsin wi, wyoming wy`
    .split(/,\s+/)
    .map((pair): [string, string] => [pair.slice(0, pair.lastIndexOf(' ')), pair.slice(pair.lastIndexOf(' ') + 1)]),
)

const twoWords = new RegExp(String.raw`\b(?:${[...spellings.keys()].filter((key) => key.includes(' ')).join('|')})\b`, 'g')

// Said around a place, and sent by models where there is none.
const fillers = new Set(
  `a an the in on at near nearby by of to around close within somewhere anywhere any all none null undefined unknown area city town us usa
  apartment apartments flat flats house houses home homes rental rentals property properties place places unit units`.split(/\s+/),
)

/** Every word of an address, in one spelling and case. */
export function addressWords(address: string): string[] {
  const text = plainWords(address).join(' ')
  return text
    .replaceAll(twoWords, (both) => spellings.get(both) ?? both)
    .split(' ')
    .map((word) => spellings.get(word) ?? word)
}

/** The words that an address there must have, for each of the places that were named: "Austin or Dallas" names two. */
export function placesIn(location: string): string[][] {
  const places = location.split(/\bor\b|[/;|]/i).map((place) => plainWords(place).filter((word) => !fillers.has(word)))
  return places.filter((words) => words.length > 0).map((words) => addressWords(words.join(' ')))
}

function plainWords(text: string): string[] {
  const plain = text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return plain.match(/[\p{L}\p{N}]+/gu) ?? []
}
