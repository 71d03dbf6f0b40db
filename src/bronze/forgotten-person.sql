list_has_any(
  list_transform(
    CASE WHEN json_valid(body) THEN json_extract_string(body, $person_paths) ELSE regexp_extract_all(body, $person_pattern, 1) END,
    lambda person: sha256($forget_key || sha256($forget_key || person))
  ),
  $forgotten
)
