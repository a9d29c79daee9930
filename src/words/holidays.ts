/**
 * Days that fall on the same date every year and everywhere: what moves (Thanksgiving, Easter) or differs by country (Independence Day) is
 * left to a question, and so is 'New Year's', which may be the eve or the day.
 */
export const holidays: [words: string[], month: number, day: number][] = [
  [['christmas eve', 'xmas eve'], 12, 24],
  [['christmas day', 'xmas day', 'christmas', 'xmas'], 12, 25],
  [['boxing day'], 12, 26],
  [['new years eve', 'new year eve'], 12, 31],
  [['new years day', 'new year day'], 1, 1],
  [['valentines day', 'valentine day', 'valentines'], 2, 14],
  [['saint patricks day', 'st patricks day', 'st. patricks day'], 3, 17],
  [['halloween'], 10, 31],
]
