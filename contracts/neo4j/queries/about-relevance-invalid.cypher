// Shares that are no number from 0 to 1.
MATCH ()-[x:ABOUT]->()
WHERE x.relevance IS NULL OR NOT (x.relevance IS :: FLOAT | INTEGER AND 0 <= x.relevance <= 1)
RETURN elementId(x) AS id
