-- Days that have not begun anywhere yet: UTC is behind the easternmost clocks by 14 hours.
SELECT concat(user_id, ' ', day) AS id FROM daily_activity WHERE day > (${now} AT TIME ZONE 'UTC' + interval '14 hours')::date
