CREATE (:Concept {
  name: 'quality-defect', category: 'core', description: 'Nothing leads here.', silicon_level: 0, created_at: datetime()
})
