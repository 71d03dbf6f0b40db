-- grain: one row per item of the events that are read the quick way
-- inputs: bronze_rows, held
-- purpose: one from_json of the whole body. Right for usual bodies only: `held` has the others.
-- The id is made before the list is unnested: what stands beside unnest is computed once per item.
WITH parsed AS (
  SELECT message_id, event_timestamp, event_date, platform, _read, {{items}} AS _items
  FROM (SELECT *, from_json(body, {{body_schema}}) AS _read, {{quoted}} AS _quoted FROM bronze_rows ANTI JOIN held USING (message_id))
), typed AS (
  SELECT event_timestamp, event_date, platform, {{event_columns}} _items
  FROM parsed
), keyed AS (
  SELECT *, md5({{event_key}} || array_to_string(list_transform(_items, lambda item: {{item_key}}), {{item_end}}) || {{item_end}}) AS event_id
  FROM typed
), item AS (
  SELECT * EXCLUDE (_items), unnest(_items) AS item, generate_subscripts(_items, 1) - 1 AS item_index
  FROM keyed
), paired AS (
  SELECT *{{pairs}}
  FROM item
)
SELECT event_id, item_index, event_date, platform, {{columns}} event_timestamp, {{item_columns}}
FROM paired
