MATCH (concept:Concept {name: 'quality-defect'}) DETACH DELETE concept
