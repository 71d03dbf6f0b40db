-- grain: one row per row that stays
-- inputs: {{table}} (a view of the files that hold rows which go), {{staying}} (temporary table of what stays), {{key}} (its column)
-- purpose: the rows of those files without those of messages that are no more
SELECT row_of_silver.*
FROM {{table}} AS row_of_silver
SEMI JOIN {{staying}} AS staying ON staying.{{key}} = row_of_silver.{{key}}
