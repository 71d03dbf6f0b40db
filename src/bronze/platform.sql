list_extract($platforms, list_position($platforms_upper, upper({{platform_text}})))
