// Shares that are no number from 0 to 1. Of -0.0, which is less than 0 here, 0.0 makes 0; a boolean or a moment, to which
// nothing can be added, would end the query.
MATCH ()-[x:ABOUT]->()
WHERE x.relevance IS NULL OR NOT (x.relevance IS :: FLOAT | INTEGER AND 0 <= toFloatOrNull(x.relevance) + 0.0 <= 1)
RETURN elementId(x) AS id
