name = ${name}
%{ for item in items ~}
  - ${item}
%{ endfor ~}
%{ if on }
on
%{ else ~}
   off
%{ endif ~}
cost $5 $${kept} %%{ kept } 100%
