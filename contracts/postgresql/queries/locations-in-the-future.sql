-- Places where somebody will have been seen. A day is left for clocks that are wrong.
SELECT id FROM user_locations WHERE recorded_at > ${now} + interval '1 day'
