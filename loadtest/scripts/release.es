# position: foot
# For the realistic mix: the operator counts it up, reloads, and looks whether that is served.
add_rsp_header('X-Release', '0')
