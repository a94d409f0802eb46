// Levels that are no integer from 0 to 5: a text compares to null and would pass a comparison alone. Community has no
// constraint that could refuse one.
MATCH (x:User)
WHERE x.silicon_level IS NOT NULL AND NOT (x.silicon_level IS :: INTEGER NOT NULL AND 0 <= x.silicon_level <= 5)
RETURN x.id AS id
