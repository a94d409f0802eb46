// Shares that are no number from 0 to 1.
MATCH ()-[x:RELATES_TO]->()
WHERE x.strength IS NULL OR NOT (x.strength IS :: FLOAT | INTEGER AND 0 <= x.strength <= 1)
RETURN elementId(x) AS id
